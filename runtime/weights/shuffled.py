"""Weights moved about, inside their matrix or with their whole layer: the same numbers at other places."""

import re
from collections.abc import Iterable

import torch

from ..models.checkpoint import State
from ..training.seeds import numpy_generator, stream

LAYER = re.compile(r"\.layer\.(\d+)\.")


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

    One permutation serves all matrices, as in the released code of the paper. Layers have one shape.
    """
    named = {name: match for name in names if (match := LAYER.search(name))}
    layers = sorted({int(match[1]) for match in named.values()})
    order = numpy_generator(stream(seed, "weights", "shuffle layers")).permutation(len(layers))
    moved = dict(zip(layers, (layers[place] for place in order), strict=True))
    shuffled = dict(state)
    for name, match in named.items():
        other = f"{name[: match.start(1)]}{moved[int(match[1])]}{name[match.end(1) :]}"
        shuffled[name] = state[other].clone()
    return shuffled
