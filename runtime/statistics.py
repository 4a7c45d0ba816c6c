"""Means and deviations over seeds. Scores are fractions (0.812, not 81.2) throughout."""

import math
import statistics
from collections.abc import Collection

from attrs import frozen


@frozen(kw_only=True)
class Average:
    """Scores of the runs of one condition, put together."""

    mean: float
    sd: float | None  # sample standard deviation (ddof = 1); None below two runs
    n: int  # runs that are done
    asked: int  # runs the study asks for

    @property
    def is_complete(self) -> bool:
        return self.n == self.asked


def average(values: Collection[float], asked: int) -> Average | None:
    """The average of the runs that are done; None where there is none."""
    if not values:
        return None
    return Average(mean=statistics.fmean(values), sd=sd(values), n=len(values), asked=asked)


def sd(values: Collection[float]) -> float | None:
    """The sample standard deviation, ddof = 1, as tables of the field give it; None below two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def pooled_sd(one: Average, other: Average) -> float | None:
    """The standard deviation within two groups that is common to both; None where one has no deviation of its own."""
    if one.sd is None or other.sd is None:
        return None
    squares = (one.n - 1) * one.sd**2 + (other.n - 1) * other.sd**2
    return math.sqrt(squares / (one.n + other.n - 2))
