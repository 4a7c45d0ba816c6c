"""The score below which weights go: the one that sorting all of them would find, without sorting and without a copy.

Floats compare like whole numbers made of their bits. Floating-point arithmetic, which may take numbers near zero for
zero (`make_exact` in workshop.py says so), has no part in it.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

from .lazily import Tensors, entries, shapes_of
from .mask import Mask

Scores = Tensors  # float32 or int32 a weight; the lowest are removed first
Ranks = NDArray[np.int32]  # the same order as whole numbers

GONE = np.iinfo(np.int32).min  # removed before: lower than every rank, so that it never comes back
MOST = np.iinfo(np.int32).max
INFINITE = 0x7F800000  # the bits of a float that is; those of what is no number are above
PIECE = 1 << 16  # weights that are looked at together: their ranks stay in the processor's cache
SAMPLE = 1 << 17  # weights that are looked at first
MARGIN = 5  # standard deviations by which a threshold may be elsewhere than in the sample


@frozen(eq=False)
class Ranked:
    """Scores as ranks, made piece by piece whenever they are looked at."""

    scores: Scores
    shapes: Mapping[str, torch.Size]
    start: Mask | None

    @classmethod
    def of(cls, scores: Scores, start: Mask | None) -> "Ranked":
        """Args: start: what it removes has the lowest rank of all."""
        shapes = shapes_of(scores)
        if start is not None:
            start.fits(scores)
            if not start.covers(scores):
                raise ValueError("the mask to start from covers another scope than the scores")
        return cls(scores, shapes, start)

    @property
    def total(self) -> int:
        return sum(shape.numel() for shape in self.shapes.values())

    def pieces(self, name: str) -> Iterator[tuple[slice, Ranks]]:
        """Those of a matrix, and where in it they are."""
        for begin in range(0, self.shapes[name].numel(), PIECE):
            places = slice(begin, begin + PIECE)
            yield places, self.at(name, places)

    def all(self) -> Iterator[Ranks]:
        """Those of all matrices."""
        return (ranks for name in self.shapes for _, ranks in self.pieces(name))

    def at(self, name: str, places: slice) -> Ranks:
        ranks = _rank(name, entries(self.scores, name, places).detach().cpu())
        if self.start is None:
            ranks.flags.writeable = False  # they may be the scores themselves
            return ranks
        kept = self.start.kept[name].reshape(-1)[places].cpu().numpy()
        return np.where(kept, ranks, np.int32(GONE))


def find_threshold(ranked: Ranked, count: int) -> tuple[int, int]:
    """The `count`-th lowest rank, and how many of those equal to it go.

    Raises:
        ValueError: if more are gone already, or the count is beyond the weights.
    """
    gone, total = 0 if ranked.start is None else ranked.start.removed, ranked.total
    if not gone <= count <= total:
        raise ValueError(f"cannot remove {count} of {total} weights of which {gone} are gone: none comes back")
    if count == 0:
        return int(GONE), 0
    return _between(ranked, count, *_bounds(ranked, count)) or _by_histograms(ranked, count)


def _bounds(ranked: Ranked, count: int) -> tuple[int, int]:
    """Two ranks between which the threshold most probably is, going by every so many of the weights."""
    step = -(-ranked.total // SAMPLE)
    sample = np.sort(np.concatenate([ranked.at(name, slice(None, None, step)) for name in ranked.shapes]))
    share = count / ranked.total
    margin = MARGIN * (sample.size * share * (1 - share)) ** 0.5 + len(ranked.shapes)
    low, high = (int(share * sample.size + sign * margin) for sign in (-1, 1))
    return int(sample[low]) if low > 0 else int(GONE), int(sample[high]) if high < sample.size else MOST


def _between(ranked: Ranked, count: int, low: int, high: int) -> tuple[int, int] | None:
    """The threshold if it is between two ranks, these included, and few are; None: it is not."""
    below, found, room = 0, [], ranked.total // 16 + SAMPLE
    for ranks in ranked.all():
        is_below = ranks < low
        below += int(np.count_nonzero(is_below))
        inside = ranks[(ranks <= high) ^ is_below]
        room -= inside.size
        if room < 0:
            return None
        found.append(inside)
    inside = np.concatenate(found)
    place = count - below - 1
    if not 0 <= place < inside.size:
        return None
    threshold = np.partition(inside, place)[place]
    return int(threshold), count - below - int(np.count_nonzero(inside < threshold))


def _by_histograms(ranked: Ranked, count: int) -> tuple[int, int]:
    """The threshold wherever it is, from two histograms of 16 bits each."""
    high, left = _bin_of(count, ((ranks >> 16) + (1 << 15) for ranks in ranked.all()))
    high -= 1 << 15
    low, left = _bin_of(left, (ranks[ranks >> 16 == high] & 0xFFFF for ranks in ranked.all()))
    return (high << 16) | low, left


def _bin_of(count: int, parts: Iterable[Ranks]) -> tuple[int, int]:
    """The value of 16 bits at which `count` is reached from the lowest on, and how many of it are still needed."""
    histogram = np.zeros(1 << 16, dtype=np.int64)
    for part in parts:
        histogram += np.bincount(part, minlength=1 << 16)
    reached = np.cumsum(histogram)
    value = int(np.searchsorted(reached, count))
    return value, count - int(reached[value] - histogram[value])


def _rank(name: str, scores: Tensor) -> Ranks:
    if scores.dtype == torch.int32:
        drawn: Ranks = scores.numpy()
        return np.maximum(drawn, np.int32(GONE + 1))
    if scores.dtype != torch.float32:
        raise ValueError(f"scores are float32 or int32, and those of `{name}` are {scores.dtype}")
    # A float is a sign before 31 bits that rise with its size: a whole number with that sign, where -0.0 is 0.0.
    bits: Ranks = scores.numpy().view(np.int32)
    if bits.size and bits.min() >= 0:  # as magnitudes are: these bits are the ranks
        sizes = ranks = bits
    else:
        sign = bits >> 31  # 0 or -1
        sizes = bits & np.int32(MOST)
        ranks = (sizes ^ sign) - sign
    if sizes.size and sizes.max() > INFINITE:
        raise ValueError(f"a score of `{name}` is not a number")
    return ranks
