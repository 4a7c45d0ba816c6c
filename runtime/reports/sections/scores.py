"""The numbers themselves: for each target every arm at every level, with its spread, its runs and its gap to dense."""

from collections.abc import Iterator

from ticketlang.comparisons import Difference, differences
from ticketlang.comparisons import said as said_of_fields
from ticketlang.plan import Plan

from ...results import Condition
from ...statistics import bootstrap_interval
from ..blocks import Column, Entry, Prose, Section, Table, Tone
from ..drawings import Dots
from ..evidence import Evidence, arm_name
from ..numbers import gap, interval, runs, score, share
from ..plotted import dot, level_of, spread_of

COLUMNS = (Column("arm", is_number=False), Column("level"), Column("score"), Column("gap to dense"))
INTERVAL = Column("95% interval of the gap", is_extra=True)
RUNS = Column("runs")


def section(evidence: Evidence) -> Section:
    """One table for each target."""
    said = "Mean ± standard deviation over runs, in hundredths; gaps are taken run by run, of the same seeds."
    if missing := evidence.results.missing:
        said += f" {missing} of {len(evidence.plan.cells)} scores {'is' if missing == 1 else 'are'} still missing."
    tables = (_table(evidence, target) for target in evidence.targets)
    return Section(title="Scores", blocks=(Prose(said), *_factors(evidence.plan), *tables))


def _factors(plan: Plan) -> Iterator[Prose]:
    """In what baselines differ from their tickets, in one line; and a warning on each that differs in more than one."""
    found = differences(plan)
    by_fields: dict[tuple[str, ...], list[str]] = {}
    for each in found:
        by_fields.setdefault(each.fields, []).append(_arm(each))
    if by_fields:
        legend = "; ".join(f"{', '.join(arms)} in {said_of_fields(fields)}" for fields, arms in by_fields.items())
        yield Prose(f"Baselines differ from the tickets beside them: {legend}.")
    for each in found:
        if not each.fields:
            yield Prose(f"{_arm(each)} differs in nothing: it is the ticket once more", is_warning=True)
        elif len(each.fields) > 1:
            yield Prose(f"{_arm(each)} differs in more than one thing: no gap can be laid to one", is_warning=True)


def _arm(difference: Difference) -> str:
    beside = f" (beside {', '.join(difference.tickets)})" if difference.tickets else ""
    return difference.arm + beside


def _table(evidence: Evidence, target: str) -> Table:
    conditions = evidence.on(target)
    dense = evidence.results.dense(target)
    intervals = {condition: _interval(evidence, condition, dense) for condition in conditions}
    has_intervals = any(intervals.values())
    return Table(
        title=f"{target}, {evidence.metric(target)}",
        columns=(*COLUMNS, *((INTERVAL,) if has_intervals else ()), RUNS),
        rows=tuple(
            _row(evidence, condition, dense, (Entry(intervals[condition]),) if has_intervals else ())
            for condition in conditions
        ),
        notes=evidence.footnotes(conditions),
        drawing=Dots(
            name=evidence.metric(target),
            dots=tuple(dot(evidence, condition) for condition in conditions),
            level=level_of(evidence, dense),
            spread=spread_of(evidence, conditions),
        ),
    )


def _interval(evidence: Evidence, condition: Condition, dense: Condition | None) -> str:
    if dense is None or condition == dense:
        return ""
    return interval(bootstrap_interval(evidence.results.differences(condition, dense)))


def _row(
    evidence: Evidence, condition: Condition, dense: Condition | None, extra: tuple[Entry, ...]
) -> tuple[Entry, ...]:
    results = evidence.results
    average, its_gap = results.average(condition), results.gap(condition)
    compared = (condition,) if dense is None else (condition, dense)
    tone: Tone = "faint" if average is None else "plain"
    return (
        Entry(arm_name(condition)),
        Entry(_level(evidence, condition)),
        Entry(score(average), mark=evidence.marks(compared), tone=tone, about=condition.name),
        Entry("" if condition == dense or dense is None else gap(its_gap), tone=tone),
        *extra,
        Entry(runs(average, len(results.runs(condition))), tone=tone),
    )


def _level(evidence: Evidence, condition: Condition) -> str:
    """`70%`; `70% (30.0%)` where the mask at hand removes another share than the ticket's."""
    found = evidence.results.sparsity(condition)
    level = str(condition.level) if condition.level else ""
    return level if found is None else f"{level} ({share(found, 1)})"
