"""Tickets of every source on every target: the gap to dense, and whether the target's own ticket is matched.

The paper's count (Chen et al. 2020, figure 2): targets, other than the source itself, on which a ticket is at least as
good as the ticket that was found on the target, both at one sparsity; means compared unrounded.
"""

from collections.abc import Sequence
from typing import Literal

from ticketlang.study import Ticket
from ticketlang.units import Sparsity

from ...matching import ENOUGH, NOISE
from ...results import Condition
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..evidence import Evidence, Variant, said_of
from ..numbers import difference, score
from ..shading import matrix_by_rules, published_matrix


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
    rows = [_row(evidence, ticket, [(target, there.get((ticket, target))) for target in targets], own)
            for ticket in tickets]  # fmt: skip
    said = "mean over runs: gap to dense, in points" if dense else "mean over runs: scores, in hundredths"
    footnotes = evidence.footnotes((*there.values(), *dense))
    drawing = matrix_by_rules(
        evidence,
        [[there.get((ticket, target)) for target in targets] for ticket in tickets],
        own,
        notes=(said, *footnotes),
    )
    return Table(
        title=f"{name} at {level}{said_of(variant)}: source (row) to target (column)",
        columns=(Column("source", is_number=False), *(Column(target) for target in targets), Column("count")),
        rows=tuple(rows),
        notes=(
            f"{said}; count: other targets on which it is at least the target's own ticket (coloured)",
            *footnotes,
        ),
        drawing=drawing,
        beside=published_matrix(evidence, name, level, drawing),
    )


def _row(
    evidence: Evidence,
    ticket: Ticket,
    places: list[tuple[str, Condition | None]],
    own: dict[str, Condition | None],
) -> tuple[Entry, ...]:
    entries, count, compared = [], 0, 0
    for target, condition in places:
        reaches = _reaches(evidence, condition, own.get(target))
        is_other = target not in ticket.source
        count += bool(reaches) and is_other
        compared += reaches is not None and is_other
        entries.append(_entry(evidence, condition, "good" if reaches and is_other else "plain"))
    return (Entry(ticket.source_name), *entries, Entry(f"{count} of {compared}") if compared else MISSING)


def _reaches(evidence: Evidence, condition: Condition | None, own: Condition | None) -> bool | None:
    """Whether it is at least as good as the target's own ticket; None where one of them is missing, or has one run."""
    mine = evidence.results.average(condition) if condition else None
    theirs = evidence.results.average(own) if own else None
    if mine is None or theirs is None or min(mine.n, theirs.n) < ENOUGH:
        return None
    return mine.mean >= theirs.mean - NOISE


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
