"""Score against sparsity: for each target the arms side by side, level by level (the basic figure of every paper)."""

from ticketlang.units import Sparsity

from ...results import Condition
from ..blocks import MISSING, Column, Entry, Section, Table
from ..evidence import Evidence, arm_name
from ..numbers import score
from ..plotted import curves_over_sparsity


def section(evidence: Evidence) -> Section:
    """One table for each target on which some arm was trained at several levels."""
    tables = tuple(
        _table(evidence, target, curves) for target in evidence.targets if (curves := _curves(evidence, target))
    )
    return Section(title="Score against sparsity", blocks=tables)


def _curves(evidence: Evidence, target: str) -> dict[str, dict[Sparsity, Condition]]:
    """Arms that have more than one level, with what was trained at each: one level is no curve."""
    curves: dict[str, dict[Sparsity, Condition]] = {}
    for condition in evidence.on(target):
        if condition.level is not None:
            curves.setdefault(arm_name(condition), {})[condition.level] = condition
    return {arm: at for arm, at in curves.items() if len(at) > 1}


def _table(evidence: Evidence, target: str, curves: dict[str, dict[Sparsity, Condition]]) -> Table:
    levels = sorted({level for at in curves.values() for level in at})
    rows = [(Entry(str(level)), *(_entry(evidence, at.get(level)) for at in curves.values())) for level in levels]
    dense = evidence.results.dense(target)
    said = (f"dense: {score(evidence.results.average(dense))}",) if dense else ()
    shown = [condition for at in curves.values() for condition in at.values()]
    return Table(
        title=f"{target}, {evidence.metric(target)}",
        columns=(Column("sparsity"), *(Column(arm) for arm in curves)),
        rows=tuple(rows),
        notes=(*said, *evidence.footnotes(shown)),
        drawing=curves_over_sparsity(evidence, target, curves),
    )


def _entry(evidence: Evidence, condition: Condition | None) -> Entry:
    if condition is None:
        return Entry("")  # not asked for
    average = evidence.results.average(condition)
    if average is None:
        return MISSING
    return Entry(score(average), mark=evidence.marks((condition,)), about=condition.name)
