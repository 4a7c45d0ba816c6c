"""The numbers themselves: for each target every arm at every level, with its spread, its runs and its gap to dense."""

from ...results import Condition
from ..blocks import Column, Entry, Prose, Section, Table, Tone
from ..evidence import Evidence, arm_name
from ..numbers import gap, runs, score, share

COLUMNS = (Column("arm", is_number=False), Column("level"), Column("score"), Column("gap to dense"), Column("runs"))


def section(evidence: Evidence) -> Section:
    """One table for each target."""
    said = "Mean ± standard deviation over runs, in hundredths; gaps are taken run by run, of the same seeds."
    if missing := evidence.results.missing:
        said += f" {missing} of {len(evidence.plan.cells)} results are still missing."
    return Section(title="Scores", blocks=(Prose(said), *(_table(evidence, target) for target in evidence.targets)))


def _table(evidence: Evidence, target: str) -> Table:
    conditions = evidence.on(target)
    dense = evidence.results.dense(target)
    return Table(
        title=f"{target}, {evidence.metric(target)}",
        columns=COLUMNS,
        rows=tuple(_row(evidence, condition, dense) for condition in conditions),
        notes=evidence.footnotes(conditions),
    )


def _row(evidence: Evidence, condition: Condition, dense: Condition | None) -> tuple[Entry, ...]:
    results = evidence.results
    average, its_gap = results.average(condition), results.gap(condition)
    compared = (condition,) if dense is None else (condition, dense)
    tone: Tone = "faint" if average is None else "plain"
    return (
        Entry(arm_name(condition)),
        Entry(_level(evidence, condition)),
        Entry(score(average), mark=evidence.marks(compared), tone=tone),
        Entry("" if condition == dense or dense is None else gap(its_gap), tone=tone),
        Entry(runs(average, len(results.runs(condition))), tone=tone),
    )


def _level(evidence: Evidence, condition: Condition) -> str:
    """`70%`; `70% (30.0%)` where the mask at hand removes another share than the ticket's."""
    found = evidence.results.sparsity(condition)
    level = str(condition.level) if condition.level else ""
    return level if found is None else f"{level} ({share(found, 1)})"
