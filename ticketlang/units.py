"""Exact quantities with their units: sparsities, and lengths of training."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from attrs import frozen

Of = Literal["original", "remaining"]
Unit = Literal["steps", "epochs", "training"]


def one_of(unit: str) -> str:
    """The unit of one thing: `step`, `batch`."""
    return "batch" if unit == "batches" else unit.removesuffix("s")


@lru_cache(maxsize=1000)  # a plan of ten thousand jobs speaks of a dozen levels
def percent_text(fraction: Fraction) -> str:
    """A fraction as people write it: at most two decimals, no trailing zeros.

    >>> percent_text(Fraction(7, 10)), percent_text(Fraction(271, 1000)), percent_text(Fraction(2, 3))
    ('70%', '27.1%', '66.67%')
    """
    hundredths = Decimal(round(fraction * 10_000)) / 100
    return f"{hundredths:f}".rstrip("0").rstrip(".") + "%" if hundredths % 1 else f"{hundredths:.0f}%"


@frozen(order=True, repr=False)
class Sparsity:
    """The share of a scope's weights that is removed, exact, in [0, 1)."""

    fraction: Fraction

    @classmethod
    def percent(cls, percent: int | str) -> "Sparsity":
        """`Sparsity.percent("27.1")` is 27.1%."""
        return cls(Fraction(percent) / 100)

    def removed(self, total: int) -> int:
        """How many of `total` weights are gone: round-half-even(s x N), always from the total."""
        return round(self.fraction * total)

    def __str__(self) -> str:
        return percent_text(self.fraction)


def climb(first: Fraction, last: Fraction, by: Fraction, of: Of) -> Iterator[Sparsity]:
    """The levels from `first` up to `last`.

    `of original` adds `by` each time and ends at or below `last`; `of remaining` removes `by` of what is left and ends
    with the first level at or above `last`. Needs `by` > 0 (and `last` < 1 with `of remaining`) to end.
    """
    level = first
    if of == "original":
        while level <= last:
            yield Sparsity(level)
            level += by
        return
    while level < last:
        yield Sparsity(level)
        level = 1 - (1 - level) * (1 - by)
    yield Sparsity(level)


@frozen(repr=False)
class Duration:
    """A length of training, or a point in it: optimizer steps, epochs, or a share of a whole training."""

    amount: Fraction
    unit: Unit

    def steps(self, steps_per_epoch: int, whole: int | None = None) -> int:
        """In optimizer steps.

        Args:
            steps_per_epoch: of the training this length belongs to.
            whole: steps of the whole training; needed for a share of it, and an upper bound where given.
        """
        match self.unit:
            case "steps":
                steps = round(self.amount)
            case "epochs":
                steps = round(self.amount * steps_per_epoch)
            case "training":
                if whole is None:
                    raise ValueError("a share of training needs the length of the whole training")
                steps = round(self.amount * whole)
        return steps if whole is None else min(steps, whole)

    def __str__(self) -> str:
        if self.unit == "training":
            return f"{percent_text(self.amount)} of training"
        number = str(self.amount.numerator) if self.amount.denominator == 1 else f"{float(self.amount):g}"
        return f"{number} {self.unit}"


START = Duration(Fraction(0), "steps")
