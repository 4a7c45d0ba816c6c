"""Scores as tables show them: in hundredths, as the field does, correlations too."""

from ..points import points
from ..statistics import Average, Interval
from .blocks import MISSING


def score(average: Average | None) -> str:
    """`81.20 ± 0.31`; without the deviation where there is one run; a dash where there is none."""
    if average is None:
        return MISSING.text
    return _with_deviation(points(100 * average.mean), average)


def difference(value: float | None) -> str:
    """`+0.20`, in points."""
    return MISSING.text if value is None else points(100 * value, is_signed=True)


def gap(average: Average | None) -> str:
    """A difference with its deviation, `+0.40 ± 0.22`, in points."""
    return MISSING.text if average is None else _with_deviation(difference(average.mean), average)


def interval(found: Interval | None) -> str:
    """`+0.10 to +0.35`, in points; empty where there is none."""
    return "" if found is None else f"{difference(found.low)} to {difference(found.high)}"


def runs(average: Average | None, asked: int) -> str:
    """`3`, or `2 of 3` while some are missing."""
    n = average.n if average else 0
    return str(n) if n == asked else f"{n} of {asked}"


def share(removed: float, total: float) -> str:
    """A sparsity as measured: `69.9%`."""
    return f"{100 * removed / total:.1f}%" if total else MISSING.text


def _with_deviation(text: str, average: Average) -> str:
    return text if average.sd is None else f"{text} ± {100 * average.sd:.2f}"
