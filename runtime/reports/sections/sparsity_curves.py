"""Score against sparsity: for each target the arms side by side, level by level (the basic figure of every paper)."""

from ticketlang.units import Sparsity

from ...results import Condition
from ..blocks import MISSING, Column, Entry, Section, Table
from ..evidence import Evidence, arm_name
from ..numbers import score


def section(evidence: Evidence) -> Section:
    """One table for each target that was trained on at several levels."""
    tables = tuple(_table(evidence, target) for target in evidence.targets if len(_levels(evidence, target)) > 1)
    return Section(title="Score against sparsity", blocks=tables)


def _table(evidence: Evidence, target: str) -> Table:
    sparse = [condition for condition in evidence.on(target) if condition.level is not None]
    arms = tuple(dict.fromkeys(arm_name(condition) for condition in sparse))
    at = {(condition.level, arm_name(condition)): condition for condition in sparse}
    rows = [
        (Entry(str(level)), *(_entry(evidence, at.get((level, arm))) for arm in arms))
        for level in _levels(evidence, target)
    ]
    dense = evidence.results.dense(target)
    said = (f"dense: {score(evidence.results.average(dense))}",) if dense else ()
    return Table(
        title=f"{target}, {evidence.metric(target)}",
        columns=(Column("sparsity"), *(Column(arm) for arm in arms)),
        rows=tuple(rows),
        notes=(*said, *evidence.footnotes(sparse)),
    )


def _levels(evidence: Evidence, target: str) -> list[Sparsity]:
    return sorted({c.level for c in evidence.results.conditions if c.target == target and c.level is not None})


def _entry(evidence: Evidence, condition: Condition | None) -> Entry:
    if condition is None:
        return Entry("")  # not asked for
    average = evidence.results.average(condition)
    if average is None:
        return MISSING
    return Entry(score(average), mark=evidence.marks((condition,)))
