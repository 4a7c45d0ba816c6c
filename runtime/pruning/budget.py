"""Scores and a budget -> a mask, by what a pruning says of how the budget is shared and of how it is reached."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import assert_never

from ticketlang.study import Pruning
from ticketlang.units import Sparsity

from .mask import Mask
from .selection import Scores, remove_lowest, remove_share_of_each


def select(pruning: Pruning, sparsity: Sparsity, scores: Scores, start: Mask | None = None) -> Mask:
    """Remove the lowest, those that `start` removed among them."""
    match pruning.allocation:
        case "global":
            return remove_lowest(scores, sparsity.removed(sum(score.numel() for score in scores.values())), start)
        case "per layer":
            return remove_share_of_each(scores, sparsity.fraction, start)
    assert_never(pruning.allocation)


def declared(pruning: Pruning, sparsity: Sparsity, sizes: Iterable[int]) -> int:
    """How many weights are to be gone from matrices of these sizes."""
    if pruning.allocation == "global":
        return sparsity.removed(sum(sizes))
    return sum(sparsity.removed(size) for size in sizes)


def approach(pruning: Pruning, sparsity: Sparsity, start: Mask | None) -> Iterator[Sparsity]:
    """The sparsities at which scores are taken anew, the last one being the sparsity itself.

    What is left falls by the same factor each time (Tanaka et al. 2020, algorithm 1).
    """
    iterations = pruning.iterations or 1
    before, after = 1 - (start.sparsity if start else Fraction(0)), 1 - sparsity.fraction
    for iteration in range(1, iterations):
        yield Sparsity(1 - before * Fraction(float(after / before) ** (iteration / iterations)))
    yield sparsity
