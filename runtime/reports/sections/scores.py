"""The numbers themselves: for each target every arm at every level, with its spread, its runs and its gap to dense."""

from ...results import Condition
from ..blocks import Block, Column, Entry, Prose, Section, Table, Tone
from ..evidence import Evidence, arm_name
from ..numbers import gap, runs, score

COLUMNS = (Column("arm", is_number=False), Column("level"), Column("score"), Column("gap to dense"), Column("runs"))


def section(evidence: Evidence) -> Section:
    """One table for each target."""
    tables: list[Block] = [_table(evidence, target) for target in evidence.targets]
    if missing := evidence.results.missing:
        tables.insert(0, Prose(f"{missing} of {len(evidence.plan.cells)} results are still missing; a dash is one."))
    return Section(title="Scores", blocks=tuple(tables))


def _table(evidence: Evidence, target: str) -> Table:
    conditions = evidence.on(target)
    dense = evidence.results.dense(target)
    notes = evidence.footnotes(conditions)
    what = "score: mean ± standard deviation over runs, in hundredths; gap: run by run, of the same seeds"
    return Table(
        title=f"{target}, {evidence.metric(target)}",
        columns=COLUMNS,
        rows=tuple(_row(evidence, condition, dense) for condition in conditions),
        notes=(what, *notes),
    )


def _row(evidence: Evidence, condition: Condition, dense: Condition | None) -> tuple[Entry, ...]:
    results = evidence.results
    average, its_gap = results.average(condition), results.gap(condition)
    compared = (condition,) if dense is None else (condition, dense)
    tone: Tone = "faint" if average is None else "plain"
    return (
        Entry(arm_name(condition)),
        Entry(str(condition.level) if condition.level else ""),
        Entry(score(average), mark=evidence.marks(compared), tone=tone),
        Entry("" if condition == dense or dense is None else gap(its_gap), tone=tone),
        Entry(runs(average, len(results.conditions[condition])), tone=tone),
    )
