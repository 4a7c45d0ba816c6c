"""Weights moved about inside their matrix: the same numbers at other places."""

from collections.abc import Iterable

import torch

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
