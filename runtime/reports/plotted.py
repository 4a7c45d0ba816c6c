"""Conditions as drawings show them: points and levels in hundredths, with one standard deviation to either side."""

from collections.abc import Iterable, Mapping

from ticketlang.units import Sparsity

from ..results import Condition
from ..statistics import Average
from .drawings import Curve, Curves, Dot, Level, Point, Role
from .evidence import Evidence

LONGEST = 30  # characters of a list of seeds that stands in a caption


def spread_of(evidence: Evidence, conditions: Iterable[Condition]) -> str:
    """`mean over 2 to 3 runs (seeds 1, 2, 3), with one standard deviation to either side`."""
    averages = [average for condition in conditions if (average := evidence.results.average(condition))]
    if not averages:
        return ""
    fewest, most = min(a.n for a in averages), max(a.n for a in averages)
    n = f"{most} run{'s' if most > 1 else ''}" if fewest == most else f"{fewest} to {most} runs"
    seeds = ", ".join(str(each).removeprefix("seed=") for each in evidence.study.seeds)
    is_short = len(seeds) <= LONGEST and all(each.is_tied for each in evidence.study.seeds)
    of = "" if all(average.is_complete for average in averages) else "of "
    said = f"mean over {n}{f' ({of}seeds {seeds})' if is_short else ''}"
    return f"{said}, with one standard deviation to either side" if most > 1 else said


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


def curves_over_sparsity(evidence: Evidence, target: str, arms: Mapping[str, Mapping[Sparsity, Condition]]) -> Curves:
    """The curve of each arm by its name, against dense."""
    return Curves(
        x_name="sparsity",
        x_unit="%",
        y_name=evidence.metric(target),
        curves=tuple(curve(evidence, name, at) for name, at in arms.items()),
        level=level_of(evidence, evidence.results.dense(target)),
        spread=spread_of(evidence, (condition for at in arms.values() for condition in at.values())),
    )


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
