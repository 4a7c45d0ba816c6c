"""What methods score weights by, computed once more from stored tensors, without torch and by formulas written anew."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..masks import BoolArray
from ..tensors import Array
from ..training.seeds import numpy_generator, stream

LAYER = re.compile(r"encoder\.layer\.(\d+)\.")
POOLER = "pooler.dense.weight"
Double = NDArray[np.float64]
TINY = float(np.finfo(np.float64).tiny)


def under(mask: Mapping[str, BoolArray] | None, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Weights with what a mask removes set to zero."""
    removed = mask or {}
    return {name: np.where(removed[name], w, np.float32(0)) if name in removed else w for name, w in weights.items()}


def ranks(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """The random order that masks of a seed are drawn by."""
    draw = numpy_generator(stream(seed, "mask", name))
    return draw.integers(0, 1 << 31, int(np.prod(shape)), dtype=np.int32).reshape(shape)


def lamp(weight: Array) -> NDArray[np.float32]:
    """The square of a weight over the squares of its matrix that are no smaller (Lee et al. 2021, equation 1)."""
    squares = np.square(weight.astype(np.float64)).reshape(-1)
    descending = np.argsort(squares, kind="stable")[::-1]
    scored = np.empty_like(squares)
    scored[descending] = squares[descending] / np.maximum(np.cumsum(squares[descending]), TINY)
    return scored.astype(np.float32).reshape(weight.shape)


def synflow(weights: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
    """The share that the paths through each weight have of all flow (Tanaka et al. 2020, section 6, equation 2).

    The transformer is read as the network of linear layers that `pruning/synflow.py` describes. The flow through a
    weight is what comes to it, times itself, times what leaves from there.
    """
    absolute: dict[str, Double] = {name: np.abs(weight.astype(np.float64)) for name, weight in weights.items()}
    layers = sorted({int(found[1]) for name in weights if (found := LAYER.match(name))})
    state: Double = np.ones(_part(absolute, layers[0], "attention.self.query").shape[1])
    arriving: dict[str, Double] = {}
    for layer in layers:
        state = _forward(absolute, layer, state, arriving)
    leaving: dict[str, Double] = {}
    onwards: Double = np.ones(state.size)
    if POOLER in absolute:
        arriving[POOLER], leaving[POOLER] = state, np.ones(absolute[POOLER].shape[0])
        state, onwards = absolute[POOLER] @ state, absolute[POOLER].T @ leaving[POOLER]
    for layer in reversed(layers):
        onwards = _backward(absolute, layer, onwards, leaving)
    total = max(float(state.sum()), TINY)
    return {
        name: (weight * (leaving[name][:, None] * arriving[name][None, :]) / total).astype(np.float32)
        for name, weight in absolute.items()
    }


def _forward(absolute: Mapping[str, Double], layer: int, state: Double, arriving: dict[str, Double]) -> Double:
    """The flow after a block; what arrives at each of its matrices is written down."""
    inputs = _inputs(absolute, layer)
    attended = sum(inputs.values(), np.zeros(())) @ state
    arriving.update(dict.fromkeys(inputs, state))
    arriving[_name(layer, "attention.output.dense")] = attended
    state = state + _part(absolute, layer, "attention.output.dense") @ attended
    arriving[_name(layer, "intermediate.dense")] = state
    inner = _part(absolute, layer, "intermediate.dense") @ state
    arriving[_name(layer, "output.dense")] = inner
    return state + _part(absolute, layer, "output.dense") @ inner


def _backward(absolute: Mapping[str, Double], layer: int, onwards: Double, leaving: dict[str, Double]) -> Double:
    """How much flow a unit before the block sends to the end; what leaves each matrix is written down."""
    leaving[_name(layer, "output.dense")] = onwards
    leaving[_name(layer, "intermediate.dense")] = _part(absolute, layer, "output.dense").T @ onwards
    onwards = onwards + _part(absolute, layer, "intermediate.dense").T @ leaving[_name(layer, "intermediate.dense")]
    leaving[_name(layer, "attention.output.dense")] = onwards
    attended = _part(absolute, layer, "attention.output.dense").T @ onwards
    inputs = _inputs(absolute, layer)
    leaving.update(dict.fromkeys(inputs, attended))
    return onwards + sum(inputs.values(), np.zeros(())).T @ attended


def _inputs(absolute: Mapping[str, Double], layer: int) -> dict[str, Double]:
    names = (_name(layer, f"attention.self.{part}") for part in ("query", "key", "value"))
    return {name: absolute[name] for name in names}


def _part(absolute: Mapping[str, Double], layer: int, part: str) -> Double:
    return absolute[_name(layer, part)]


def _name(layer: int, part: str) -> str:
    return f"encoder.layer.{layer}.{part}.weight"
