"""What methods score weights by, computed once more from stored tensors, without torch and by formulas written anew."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..masks import BoolArray
from ..matrices import layers_of, pooler_of
from ..tensors import Array
from ..training.seeds import numpy_generator, stream

Double = NDArray[np.float64]
Layer = Mapping[str, str]  # which matrix -> its name
TINY = float(np.finfo(np.float64).tiny)
TINY_SINGLE = float(np.finfo(np.float32).tiny)


def under(mask: Mapping[str, BoolArray] | None, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Weights with what a mask removes set to zero."""
    removed = mask or {}
    return {name: np.where(removed[name], w, np.float32(0)) if name in removed else w for name, w in weights.items()}


def ranks(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The random order that masks of a seed are drawn by."""
    draw = numpy_generator(stream(seed, "mask", name))
    return draw.integers(0, 1 << 31, int(np.prod(shape)), dtype=np.int32).reshape(shape)


def _double(weight: Array) -> Double:
    """What is below the smallest normal number is zero, here and in what is found of it."""
    return np.where(np.abs(weight) >= TINY_SINGLE, weight, 0).astype(np.float64)


def _single(scored: Double) -> NDArray[np.float32]:
    return np.where(scored >= TINY_SINGLE, scored, 0).astype(np.float32)


def lamp(weight: Array) -> NDArray[np.float32]:
    """The square of a weight over the squares of its matrix that are no smaller (Lee et al. 2021, equation 1)."""
    squares = np.square(_double(weight)).reshape(-1)
    descending = np.argsort(squares, kind="stable")[::-1]
    scored = np.empty_like(squares)
    scored[descending] = squares[descending] / np.maximum(np.cumsum(squares[descending]), TINY)
    return _single(scored).reshape(weight.shape)


def synflow(weights: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
    """The share that the paths through each weight have of all flow (Tanaka et al. 2020, section 6, equation 2).

    The transformer is read as the network of linear layers that `pruning/synflow.py` describes. The flow through a
    weight is what comes to it, times itself, times what leaves from there.
    """
    absolute: dict[str, Double] = {name: np.abs(_double(weight)) for name, weight in weights.items()}
    layers = list(layers_of(weights).values())
    state: Double = np.ones(absolute[layers[0]["query"]].shape[1])
    arriving: dict[str, Double] = {}
    for layer in layers:
        state = _forward(absolute, layer, state, arriving)
    leaving: dict[str, Double] = {}
    onwards: Double = np.ones(state.size)
    if (pooler := pooler_of(absolute)) is not None:
        arriving[pooler], leaving[pooler] = state, np.ones(absolute[pooler].shape[0])
        state, onwards = absolute[pooler] @ state, absolute[pooler].T @ leaving[pooler]
    for layer in reversed(layers):
        onwards = _backward(absolute, layer, onwards, leaving)
    total = max(float(state.sum()), TINY)
    return {
        name: _single(weight * (leaving[name][:, None] * arriving[name][None, :]) / total)
        for name, weight in absolute.items()
    }


def _forward(absolute: Mapping[str, Double], layer: Layer, state: Double, arriving: dict[str, Double]) -> Double:
    """The flow after a layer; what arrives at each of its matrices is written down."""
    inputs = _inputs(absolute, layer)
    attended = sum(inputs.values(), np.zeros(())) @ state
    arriving.update(dict.fromkeys(inputs, state))
    arriving[layer["attended"]] = attended
    state = state + absolute[layer["attended"]] @ attended
    arriving[layer["inner"]] = state
    inner = absolute[layer["inner"]] @ state
    arriving[layer["outer"]] = inner
    return state + absolute[layer["outer"]] @ inner


def _backward(absolute: Mapping[str, Double], layer: Layer, onwards: Double, leaving: dict[str, Double]) -> Double:
    """How much flow a unit before the layer sends to the end; what leaves each matrix is written down."""
    leaving[layer["outer"]] = onwards
    leaving[layer["inner"]] = absolute[layer["outer"]].T @ onwards
    onwards = onwards + absolute[layer["inner"]].T @ leaving[layer["inner"]]
    leaving[layer["attended"]] = onwards
    attended = absolute[layer["attended"]].T @ onwards
    inputs = _inputs(absolute, layer)
    leaving.update(dict.fromkeys(inputs, attended))
    return onwards + sum(inputs.values(), np.zeros(())).T @ attended


def _inputs(absolute: Mapping[str, Double], layer: Layer) -> dict[str, Double]:
    return {layer[part]: absolute[layer[part]] for part in ("query", "key", "value")}
