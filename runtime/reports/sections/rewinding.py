"""What tickets score by what they were rewound to (Chen et al. 2020, table 3), where a study compares such points."""

from collections.abc import Iterator, Mapping

from ticketlang.study import Ticket
from ticketlang.units import Sparsity

from ...results import Condition
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..evidence import Evidence, Variant, said_of
from ..numbers import gap, score
from ..plotted import curves_over_sparsity

AXIS = "rewind"

Points = Mapping[str, Mapping[Sparsity, Condition]]  # by what a ticket is rewound to, and by level


def section(evidence: Evidence) -> Section:
    """One table for each ticket block, source and target with tickets of several rewind points."""
    groups: dict[tuple[str, str, Variant], dict[str, dict[Sparsity, Condition]]] = {}
    for target in evidence.targets:
        for condition in evidence.on(target):
            ticket = condition.ticket
            if ticket is None or condition.level is None or not condition.is_ticket or AXIS not in dict(ticket.variant):
                continue
            place = (f"{ticket.name}/{ticket.source_name}", target, _without_axis(ticket))
            points = groups.setdefault(place, {}).setdefault(dict(ticket.variant)[AXIS], {})
            points[condition.level] = condition
    return Section(title="Rewinding", blocks=tuple(_blocks(evidence, groups)))


def _without_axis(ticket: Ticket) -> Variant:
    return tuple((axis, value) for axis, value in ticket.variant if axis != AXIS)


def _blocks(evidence: Evidence, groups: Mapping[tuple[str, str, Variant], Points]) -> Iterator[Block]:
    for (name, target, others), points in groups.items():
        yield _table(evidence, f"{name}{said_of(others)} on {target}", target, points)


def _table(evidence: Evidence, title: str, target: str, points: Points) -> Table:
    levels = sorted({level for at in points.values() for level in at})
    shown = [condition for at in points.values() for condition in at.values()]
    dense = evidence.results.dense(target)
    return Table(
        title=f"{title}: {'gap to dense' if dense else 'score'} by what is rewound, {evidence.metric(target)}",
        columns=(Column("rewind", is_number=False), *(Column(str(level)) for level in levels)),
        rows=tuple(
            (Entry(name), *(_entry(evidence, at.get(level)) for level in levels)) for name, at in points.items()
        ),
        notes=("mean ± standard deviation over runs, in hundredths", *evidence.footnotes(shown)),
        drawing=curves_over_sparsity(evidence, target, points),
    )


def _entry(evidence: Evidence, condition: Condition | None) -> Entry:
    if condition is None:
        return Entry("")  # not asked for
    average = evidence.results.average(condition)
    if average is None:
        return MISSING
    compared = evidence.results.dense(condition.target)
    text = score(average) if compared is None else gap(evidence.results.gap(condition))
    return Entry(text, mark=evidence.marks((condition,)), about=condition.name)
