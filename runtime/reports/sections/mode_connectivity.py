"""Whether two trainings of one network end in one basin: scores on the straight line between them.

The two share mask, weights, head and examples, and differ in data order and dropout (Frankle et al. 2020, section 2; on
tickets and matching: Paul et al. 2023). The barrier is the highest error on the line minus the mean error of its ends.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ...results import Condition
from ...statistics import average
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..evidence import Evidence
from ..numbers import points, runs, score, share

Result = Mapping[str, Any]  # of a job that scored a line


def section(evidence: Evidence) -> Section:
    """For each target the barriers, and the scores along the lines, mean over runs."""
    found: dict[Condition, list[Result | None]] = {}
    for line, key in evidence.plan.lines.items():
        artifact = evidence.artifact(key)
        found.setdefault(Condition.of(line.cell), []).append(artifact.result if artifact else None)
    blocks: list[Block] = []
    for target in evidence.targets:
        lines = {condition: found[condition] for condition in evidence.on(target) if condition in found}
        if lines:
            blocks += [_barriers(evidence, target, lines), *_along(evidence, target, lines)]
    return Section(title="Lines between trainings", blocks=tuple(blocks))


def _barriers(evidence: Evidence, target: str, lines: Mapping[Condition, Sequence[Result | None]]) -> Table:
    return Table(
        title=f"{target}, {evidence.metric(target)}: between two trainings that differ in order and dropout alone",
        columns=(
            Column("arm", is_number=False),
            *map(Column, ("ends", "lowest", "barrier", "same sign", "sign kept", "runs")),
        ),
        rows=tuple(_row(condition, results) for condition, results in lines.items()),
        notes=(
            "barrier: highest error on the line minus the mean error of its ends, mean ± standard deviation over runs",
            "same sign: share of weights in layers that have one sign at both ends; sign kept: the one they began with",
        ),
    )


def _row(condition: Condition, results: Sequence[Result | None]) -> tuple[Entry, ...]:
    there = [result for result in results if result is not None]
    barrier = average([result["barrier"] for result in there], len(results))
    if not there:
        return Entry(_name(condition)), *[MISSING] * 5, Entry(runs(None, len(results)))
    ends = fmean(fmean((result["line"][0], result["line"][-1])) for result in there)
    lowest = fmean(min(result["line"]) for result in there)
    return (
        Entry(_name(condition)),
        Entry(points(100 * ends)),
        Entry(points(100 * lowest)),
        Entry(score(barrier)),
        Entry(_share(there, "between")),
        Entry(_share(there, "since the start")),
        Entry(runs(barrier, len(results))),
    )


def _name(condition: Condition) -> str:
    return condition.name.removesuffix(f"/{condition.target}")


def _share(results: Sequence[Result], which: str) -> str:
    same, both = (sum(result["signs"][which][i] for result in results) for i in (0, 1))
    return share(same, both)


def _along(evidence: Evidence, target: str, lines: Mapping[Condition, Sequence[Result | None]]) -> tuple[Table, ...]:
    """Score by share of the line; every line has the same shares."""
    there = {
        condition: [result for result in results if result is not None]
        for condition, results in lines.items()
        if any(result is not None for result in results)
    }
    if not there:
        return ()
    places: Sequence[float] = next(iter(there.values()))[0]["shares"]
    rows = [
        (
            Entry(f"{place:.2g}"),
            *(Entry(points(100 * fmean(result["line"][i] for result in results))) for results in there.values()),
        )
        for i, place in enumerate(places)
    ]
    return (
        Table(
            title=f"{target}, {evidence.metric(target)}: along the line",
            columns=(Column("share"), *(Column(_name(condition)) for condition in there)),
            rows=tuple(rows),
        ),
    )
