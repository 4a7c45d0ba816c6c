"""Scores and a number -> a mask: the lowest go, and of equals those that come first.

Exact, and without a copy of all scores in one piece: floats compare like integers of the same bits, so two histograms
of 16 bits find the threshold that sorting would find (85 million weights: a fraction of a second).
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..failures import JobFailed
from .mask import Mask

Scores = Mapping[str, Tensor]  # float32 or int32 a weight; the lowest are removed first
Ranks = dict[str, NDArray[np.int32]]  # the same order as whole numbers

GONE = np.iinfo(np.int32).min  # removed before: lower than every rank, so that it never comes back


def remove_lowest(scores: Scores, count: int, start: Mask | None = None) -> Mask:
    """Remove the `count` lowest of all matrices together, those that `start` removed among them.

    Raises:
        ValueError: if `start` has removed more already, the count is beyond the weights, or a score is not a number.
    """
    ranks = _ranks(scores, start)
    total = sum(rank.size for rank in ranks.values())
    gone = sum(int(np.count_nonzero(rank == GONE)) for rank in ranks.values())
    if not gone <= count <= total:
        raise ValueError(f"cannot remove {count} of {total} weights of which {gone} are gone: none comes back")
    threshold, ties = _threshold(ranks, count)
    kept = {}
    for name, rank in ranks.items():  # in the order of the matrices: ties go by index, lowest first
        bits = rank > threshold
        if ties:
            equal = np.flatnonzero(rank == threshold)
            bits[equal[ties:]] = True
            ties -= min(ties, equal.size)
        else:
            bits |= rank == threshold
        kept[name] = torch.from_numpy(bits.reshape(scores[name].shape))
    return Mask(kept)


def remove_share_of_each(scores: Scores, share: Fraction, start: Mask | None = None) -> Mask:
    """Remove the same share of every matrix, round-half-even in each."""
    return remove_of_each(scores, {name: round(share * score.numel()) for name, score in scores.items()}, start)


def remove_of_each(scores: Scores, counts: Mapping[str, int], start: Mask | None = None) -> Mask:
    """Remove so many of each matrix, the lowest of it."""
    kept = {}
    for name, score in scores.items():
        start_here = None if start is None else Mask({name: start.kept[name]})
        kept[name] = remove_lowest({name: score}, counts[name], start_here).kept[name]
    return Mask(kept)


def remove_by_pattern(scores: Scores, kept: int, of: int, start: Mask | None = None) -> Mask:
    """Keep the `kept` highest of every `of` neighbours in a row (Mishra et al. 2021, section 3.1).

    Raises:
        ValueError: if `start` has removed more of some group.
        JobFailed: if the groups do not fill a row.
    """
    masks = {}
    for name, rank in _ranks(scores, start).items():
        shape = scores[name].shape
        if shape[-1] % of:
            raise JobFailed(f"a row of `{name}` has {shape[-1]} weights, and groups of {of} do not fill it")
        groups = rank.reshape(-1, of)
        lowest = np.argsort(groups, axis=1, kind="stable")[:, : of - kept]  # of equals those that come first
        bits = np.ones(groups.shape, dtype=np.bool_)
        np.put_along_axis(bits, lowest, False, axis=1)
        if (bits & (groups == GONE)).any():
            raise ValueError(f"cannot keep {kept} of every {of} weights of `{name}`: none comes back")
        masks[name] = torch.from_numpy(bits.reshape(shape))
    return Mask(masks)


def _ranks(scores: Scores, start: Mask | None) -> Ranks:
    if start is not None:
        start.fits(scores)
        if not start.covers(scores):
            raise ValueError("the mask to start from covers another scope than the scores")
    ranks = {}
    for name, score in scores.items():
        rank = _rank(name, score.detach().cpu().numpy().reshape(-1))
        if start is not None:
            rank = np.where(start.kept[name].cpu().numpy().reshape(-1), rank, np.int32(GONE))
        ranks[name] = rank
    return ranks


def _rank(name: str, score: NDArray[np.float32] | NDArray[np.int32]) -> NDArray[np.int32]:
    if score.dtype == np.int32:
        return np.maximum(score, np.int32(GONE + 1))
    if score.dtype != np.float32:
        raise ValueError(f"scores are float32 or int32, and those of `{name}` are {score.dtype}")
    if np.isnan(score).any():
        raise ValueError(f"a score of `{name}` is not a number")
    bits = score.view(np.int32)
    bits = np.where(bits == GONE, 0, bits)  # the bits of -0.0, which is equal to 0.0
    # Negative floats count down in their lower 31 bits: turning these over makes integers in the order of the floats.
    return np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)


def _threshold(ranks: Ranks, count: int) -> tuple[int, int]:
    """The `count`-th lowest rank, and how many of those equal to it go."""
    if count == 0:
        return int(GONE), 0
    high, left = _bin_of(count, (_upper(rank) for rank in ranks.values()))
    low, left = _bin_of(left, (_lower(rank[_upper(rank) == high]) for rank in ranks.values()))
    return ((high - (1 << 15)) << 16) | low, left


def _upper(rank: NDArray[np.int32]) -> NDArray[np.int32]:
    return (rank >> 16) + (1 << 15)  # 0 to 65,535, in order


def _lower(rank: NDArray[np.int32]) -> NDArray[np.int32]:
    return rank & 0xFFFF


def _bin_of(count: int, parts: Iterable[NDArray[np.int32]]) -> tuple[int, int]:
    """The value at which `count` is reached when counting up from the lowest, and how many of it are still needed."""
    histogram = np.zeros(1 << 16, dtype=np.int64)
    for part in parts:
        histogram += np.bincount(part, minlength=1 << 16)
    reached = np.cumsum(histogram)
    value = int(np.searchsorted(reached, count))
    return value, count - int(reached[value] - histogram[value])
