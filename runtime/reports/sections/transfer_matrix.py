"""Tickets of every source on every target: the gap to dense, and on how many of them each source is good enough.

The paper's count (Chen et al. 2020, figure 2): targets, other than the source itself, on which a ticket is at least as
good as the ticket that was found on the target, both at one sparsity; means compared unrounded.
"""

from collections.abc import Sequence
from typing import Literal

from ticketlang.study import Ticket
from ticketlang.units import Sparsity

from ...results import Condition
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..drawings import Rules
from ..evidence import Evidence, Variant, said_of
from ..numbers import difference, score
from ..shading import is_other, matrix_by_rules, published_matrix


def section(evidence: Evidence) -> Section:
    """One table for each ticket block and level at which tickets were transferred."""
    tables: tuple[Block, ...] = tuple(
        _table(evidence, name, variant, level, tickets)
        for (name, variant, level), tickets in evidence.transferred.items()
    )
    return Section(title="Transfer", blocks=tables)


def _table(evidence: Evidence, name: str, variant: Variant, level: Sparsity, tickets: Sequence[Ticket]) -> Table:
    there = {
        (condition.ticket, condition.target): condition
        for condition in evidence.results.conditions
        if condition.arm == name and condition.level == level and condition.ticket in tickets
    }
    targets = [target for target in evidence.targets if any((ticket, target) in there for ticket in tickets)]
    own = {ticket.source[0]: there.get((ticket, ticket.source[0])) for ticket in tickets if len(ticket.source) == 1}
    dense = [condition for target in targets if (condition := evidence.results.dense(target)) is not None]
    said = "mean over runs: gap to dense, in points" if dense else "mean over runs: scores, in hundredths"
    footnotes = evidence.footnotes((*there.values(), *dense))
    places = [[there.get((ticket, target)) for target in targets] for ticket in tickets]
    drawing = matrix_by_rules(evidence, places, own, notes=(said, *footnotes))
    return Table(
        title=f"{name} at {level}{said_of(variant)}: source (row) to target (column)",
        columns=(Column("source", is_number=False), *(Column(target) for target in targets), Column("count")),
        rows=tuple(
            _row(evidence, ticket, its, drawing, number)
            for number, (ticket, its) in enumerate(zip(tickets, places, strict=True))
        ),
        notes=(said, drawing.counted, *footnotes),
        coloured="green: those that are counted",
        drawing=drawing,
        beside=published_matrix(evidence, name, level, drawing),
    )


def _row(
    evidence: Evidence, ticket: Ticket, places: Sequence[Condition | None], drawing: Rules, number: int
) -> tuple[Entry, ...]:
    """Source, gaps, and the count by the rule that the drawing is shown by."""
    entries = []
    for condition, judged in zip(places, drawing.places[number][1:-1], strict=True):
        is_counted = condition is not None and is_other(condition) and judged[drawing.shown].answer == "holds"
        entries.append(_entry(evidence, condition, "good" if is_counted else "plain"))
    count = drawing.counts[number][drawing.shown]
    return (Entry(ticket.source_name), *entries, MISSING if count == MISSING.text else Entry(count))


def _entry(evidence: Evidence, condition: Condition | None, tone: Literal["good", "plain"]) -> Entry:
    if condition is None:
        return Entry("")
    average = evidence.results.average(condition)
    if average is None:
        return MISSING
    dense = evidence.results.dense(condition.target)
    its_gap = evidence.results.gap(condition)
    compared = (condition,) if dense is None else (condition, dense)
    text = score(average).partition(" ±")[0] if dense is None else difference(its_gap.mean if its_gap else None)
    return Entry(text, mark=evidence.marks(compared), tone=tone, about=condition.name)
