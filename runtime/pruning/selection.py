"""Scores and a number -> a mask: the lowest go, and of equals those that come first.

Exact, and without a copy of the scores (threshold.py): 85 million weights are a third of a second.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ..failures import JobFailed
from .lazily import among
from .mask import Mask
from .threshold import GONE, Ranked, Ranks, Scores, find_threshold

Bits = NDArray[np.bool_]


def remove_lowest(scores: Scores, count: int, start: Mask | None = None) -> Mask:
    """Remove the `count` lowest of all matrices together, those that `start` removed among them.

    Raises:
        ValueError: if `start` has removed more already, the count is beyond the weights, or a score is not a number.
    """
    ranked = Ranked.of(scores, start)
    threshold, ties = find_threshold(ranked, count)
    kept = {}
    for name, shape in ranked.shapes.items():  # in the order of the matrices: ties go by index, lowest first
        bits = np.empty(shape.numel(), dtype=np.bool_)
        for places, ranks in ranked.pieces(name):
            ties -= _keep_above(bits[places], ranks, threshold, ties)
        kept[name] = torch.from_numpy(bits.reshape(shape))
    return Mask(kept)


def remove_of_each(scores: Scores, counts: Mapping[str, int], start: Mask | None = None) -> Mask:
    """Remove so many of each matrix, the lowest of it."""
    kept = {}
    for name in scores:
        start_here = None if start is None else Mask({name: start.kept[name]})
        kept[name] = remove_lowest(among([name], scores), counts[name], start_here).kept[name]
    return Mask(kept)


def remove_by_pattern(scores: Scores, kept: int, of: int, start: Mask | None = None) -> Mask:
    """Keep the `kept` highest of every `of` neighbours in a row (Mishra et al. 2021, section 3.1).

    Raises:
        ValueError: if `start` has removed more of some group.
        JobFailed: if the groups do not fill a row.
    """
    ranked = Ranked.of(scores, start)
    masks = {}
    for name, shape in ranked.shapes.items():
        if shape[-1] % of:
            raise JobFailed(f"a row of `{name}` has {shape[-1]} weights, and groups of {of} do not fill it")
        groups = np.concatenate([ranks for _, ranks in ranked.pieces(name)]).reshape(-1, of)
        lowest = np.argsort(groups, axis=1, kind="stable")[:, : of - kept]  # of equals those that come first
        bits = np.ones(groups.shape, dtype=np.bool_)
        np.put_along_axis(bits, lowest, False, axis=1)
        if (bits & (groups == GONE)).any():
            raise ValueError(f"cannot keep {kept} of every {of} weights of `{name}`: none comes back")
        masks[name] = torch.from_numpy(bits.reshape(shape))
    return Mask(masks)


def _keep_above(bits: Bits, ranks: Ranks, threshold: int, ties: int) -> int:
    """Write which ranks are kept: those above the threshold, and those at it but the first `ties`, which are told."""
    if ties == 0:
        np.greater_equal(ranks, threshold, out=bits)
        return 0
    np.greater(ranks, threshold, out=bits)
    equal = np.flatnonzero(ranks == threshold)
    bits[equal[ties:]] = True
    return min(ties, equal.size)
