"""Weights moved about, inside their matrix or with their whole layer: the same numbers at other places."""

from collections.abc import Iterable

import numpy as np
import torch

from ..failures import JobFailed
from ..matrices import layers_of
from ..models.checkpoint import State
from ..training.seeds import numpy_generator, stream


def shuffle(state: State, names: Iterable[str], seed: int) -> State:
    """A state in which the entries of each named matrix are permuted within it; the rest is as it was."""
    shuffled = dict(state)
    for name in names:
        flat = state[name].reshape(-1)
        order = numpy_generator(stream(seed, "weights", "shuffle", name)).permutation(flat.numel())
        shuffled[name] = flat[torch.from_numpy(order)].reshape(state[name].shape)
    return shuffled


def shuffle_layers(state: State, names: Iterable[str], seed: int) -> State:
    """A state in which layers have changed places, each with all of its named matrices; the rest is as it was.

    One permutation serves all matrices, as in the released code of the paper. Layers have one shape. A permutation
    that leaves every layer where it is would give the ticket itself: the next one that moves some is taken.

    Raises:
        JobFailed: if there is one layer alone, which has no other place.
    """
    layers = list(layers_of(names).values())
    if len(layers) < 2:
        raise JobFailed("this model has one layer of its own, which no other can change places with")
    draw = numpy_generator(stream(seed, "weights", "shuffle layers"))
    order = draw.permutation(len(layers))
    while (order == np.arange(len(layers))).all():
        order = draw.permutation(len(layers))
    shuffled = dict(state)
    for layer, place in zip(layers, order, strict=True):
        shuffled |= {name: state[layers[place][part]].clone() for part, name in layer.items()}
    return shuffled
