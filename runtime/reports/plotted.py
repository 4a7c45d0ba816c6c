"""Conditions as drawings show them: points and levels in hundredths, with one standard deviation to either side."""

from collections.abc import Mapping

from ticketlang.units import Sparsity

from ..results import Condition
from ..statistics import Average
from .drawings import Curve, Dot, Level, Point, Role
from .evidence import Evidence

BAND = "one standard deviation to either side"


def role_of(evidence: Evidence, condition: Condition) -> Role:
    if condition.is_ticket:
        return "ticket"
    return "dense" if condition == evidence.results.dense(condition.target) else "baseline"


def point(x: float, average: Average, about: str = "") -> Point:
    low, high = band(average)
    return Point(x=x, y=100 * average.mean, low=low, high=high, about=about)


def curve(evidence: Evidence, name: str, at: Mapping[Sparsity, Condition]) -> Curve:
    """The scores of an arm by sparsity, in percent; levels without one are left out."""
    there = [(level, c, average) for level, c in sorted(at.items()) if (average := evidence.results.average(c))]
    points = tuple(point(100 * float(level.fraction), average, c.name) for level, c, average in there)
    return Curve(name=name, role=role_of(evidence, next(iter(at.values()))), points=points)


def dot(evidence: Evidence, condition: Condition) -> Dot | None:
    """The score of a condition; None where it has none yet."""
    average = evidence.results.average(condition)
    if average is None:
        return None
    low, high = band(average)
    return Dot(value=100 * average.mean, low=low, high=high, role=role_of(evidence, condition), about=condition.name)


def level_of(evidence: Evidence, condition: Condition | None) -> Level | None:
    """The score of a condition as something to compare with; None where it has none yet."""
    average = evidence.results.average(condition) if condition else None
    if condition is None or average is None:
        return None
    low, high = band(average)
    return Level(name=condition.arm, value=100 * average.mean, low=low, high=high, about=condition.name)


def band(average: Average) -> tuple[float | None, float | None]:
    """From one deviation below the mean to one above; nothing for a single run."""
    if average.sd is None:
        return None, None
    return 100 * (average.mean - average.sd), 100 * (average.mean + average.sd)
