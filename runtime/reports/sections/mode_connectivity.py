"""Whether trainings end in one basin: scores on the straight line between two of them.

One kind of line is between two trainings of a network, which share mask, weights, head and examples, and differ in data
order and dropout (Frankle et al. 2020, section 2). The other is between a training and that of the next sparser level,
which differ in the mask (Paul et al. 2023). The barrier is the highest error on the line minus the mean of its ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from ticketlang.plan import Cell, Line

from ...points import points
from ...results import Condition
from ...statistics import average
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..evidence import Evidence
from ..numbers import runs, score, share

Result = Mapping[str, Any]  # of a job that scored a line
Lines = Mapping[str, Sequence[Result | None]]  # by what they are called, one for each run; None: still to come
KINDS = ("trainings of another order and dropout", "trainings of successive levels")


MEANS = {
    "barrier": "barrier: highest error on the line minus the mean error of its ends, mean ± sd over runs",
    "same sign": "same sign: share of the weights in layers that have one sign at both ends",
    "sign kept": "sign kept: share that has the sign it began with",
}


def section(evidence: Evidence) -> Section:
    """For each target and kind of line the barriers, and the scores along the lines, mean over runs."""
    return Section(
        title="Lines between trainings",
        blocks=tuple(block for target in evidence.targets for block in _on(evidence, target)),
    )


def _on(evidence: Evidence, target: str) -> Iterator[Block]:
    found: dict[str, dict[str, list[Result | None]]] = {kind: {} for kind in KINDS}
    lines = {line: key for line, key in evidence.plan.lines.items() if line.cell.target == target}
    places = {condition: i for i, condition in enumerate(evidence.on(target))}
    for line in sorted(lines, key=lambda line: places[Condition.of(_end(line))]):
        artifact = evidence.artifact(lines[line])
        kind = KINDS[isinstance(line.other, Cell)]
        found[kind].setdefault(_name(line), []).append(artifact.result if artifact else None)
    is_first = target == next(iter(evidence.targets))
    for kind, its in found.items():
        if its:
            yield _barriers(f"{target}, {evidence.metric(target)}: between {kind}", its, is_first)
            is_first = False
            yield from _along(f"{target}, {evidence.metric(target)}: along these lines", its)


def _end(line: Line) -> Cell:
    return line.other if isinstance(line.other, Cell) else line.cell


def _name(line: Line) -> str:
    """`imp/a@30%`, `dense to imp/a@30%`, `imp/a@30% to 50%`."""
    before, after = (Condition.of(cell).name.removesuffix(f"/{cell.target}") for cell in (line.cell, _end(line)))
    if before == after:
        return before
    return f"{before} to {_end(line).level if line.cell.ticket else after}"


def _barriers(title: str, lines: Lines, is_first: bool) -> Table:
    """Args: is_first: what the columns mean is told once."""
    means = MEANS if is_first else {}
    return Table(
        title=title,
        columns=(
            Column("line", is_number=False),
            *(Column(name, means=means.get(name, "")) for name in ("ends", "lowest", "barrier", "same sign")),
            Column("sign kept", is_extra=True, means=means.get("sign kept", "")),
            Column("runs"),
        ),
        rows=tuple(_row(name, results) for name, results in lines.items()),
    )


def _row(name: str, results: Sequence[Result | None]) -> tuple[Entry, ...]:
    there = [result for result in results if result is not None]
    barrier = average([result["barrier"] for result in there], len(results))
    if not there:
        return Entry(name), *[MISSING] * 5, Entry(runs(None, len(results)))
    ends = fmean(fmean((result["line"][0], result["line"][-1])) for result in there)
    lowest = fmean(min(result["line"]) for result in there)
    return (
        Entry(name),
        Entry(points(100 * ends)),
        Entry(points(100 * lowest)),
        Entry(score(barrier)),
        Entry(_share(there, "between")),
        Entry(_share(there, "since the start")),
        Entry(runs(barrier, len(results))),
    )


def _share(results: Sequence[Result], which: str) -> str:
    same, both = (sum(result["signs"][which][i] for result in results) for i in (0, 1))
    return share(same, both)


def _along(title: str, lines: Lines) -> Iterator[Table]:
    """Score by share of the line; every line has the same shares."""
    found = {name: [result for result in results if result is not None] for name, results in lines.items()}
    there = {name: results for name, results in found.items() if results}
    if not there:
        return
    places: Sequence[float] = next(iter(there.values()))[0]["shares"]
    rows = [
        (
            Entry(f"{place:.2g}"),
            *(Entry(points(100 * fmean(result["line"][i] for result in results))) for results in there.values()),
        )
        for i, place in enumerate(places)
    ]
    yield Table(title=title, columns=(Column("share"), *map(Column, there)), rows=tuple(rows))
