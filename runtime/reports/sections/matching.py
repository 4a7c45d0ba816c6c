"""Which sparsity still matches dense, under every rule of the field side by side: what is a ticket depends on the rule.

The paper's own numbers show it: read with the deviation of the dense network, four of the eleven winning tickets of its
table 2 are none, and the ticket that is universal by its transfer matrix matches dense on three tasks of eleven.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from ticketlang.study import MatchRule, PublishedLevel, Ticket
from ticketlang.units import Sparsity

from ...matching import AT_OR_ABOVE, POINT, SHOWN_WITHIN_A_POINT, Answer, Comparison, Sparsest, answer, sparsest
from ...results import Condition
from ...statistics import runs_needed
from ..blocks import Block, Column, Entry, Prose, Section, Table
from ..evidence import Evidence, Variant, said_of
from ..shading import rules_of

OWN_RULE = "*"
GAP = "§"
TO_COME = "…"
NOWHERE_ELSE = "\N{EN DASH}"
POWER = 0.8
EXPLAINED = {
    OWN_RULE: f"{OWN_RULE} the study's own rule",
    GAP: f"{GAP} some lower level does not match",
    TO_COME: f"{TO_COME} not all there yet",
    "?": "? a verdict needs at least 2 runs",
    NOWHERE_ELSE: f"{NOWHERE_ELSE} tried on no other target that it could be compared on",
}


def section(evidence: Evidence) -> Section:
    """A table for each ticket on the tasks it was found on, and one for each level at which it was transferred."""
    return Section(title="Matching", blocks=(*_on_own_tasks(evidence), *_in_transfer(evidence)))


def _heading(evidence: Evidence, rule: MatchRule) -> Entry:
    return Entry(str(rule), mark=OWN_RULE if rule == evidence.study.match else "")


# The sparsest level


def _entry(found: Sparsest) -> Entry:
    if found.undecided is not None:
        sign = TO_COME if found.undecided == "no result yet" else "?"
        return Entry(sign) if found.level is None else Entry(str(found.level), mark=sign)
    return Entry(_level(found), mark=GAP if found.has_gap else "", tone="faint" if found.level is None else "plain")


def _level(found: Sparsest) -> str:
    return "none" if found.level is None else str(found.level)


def _on_own_tasks(evidence: Evidence) -> Iterator[Block]:
    blocks = dict.fromkeys((ticket.name, ticket.variant) for ticket in evidence.study.tickets)
    for name, variant in blocks:
        ladders = _ladders(evidence, name, variant)
        if ladders:
            found = {
                rule: {target: sparsest(rule, ladder) for target, ladder in ladders.items()}
                for rule in rules_of(evidence)
            }
            yield _table_of_levels(evidence, name, variant, found, ladders)
            if (said := _disagreement(found)) is not None:
                yield Prose(said)


def _ladders(evidence: Evidence, name: str, variant: Variant) -> dict[str, dict[Sparsity, Comparison]]:
    """For each target its own ticket beside dense, level by level; of a joint source, each of its tasks."""
    ladders: dict[str, dict[Sparsity, Comparison]] = {}
    for condition in evidence.results.conditions:
        ticket, dense = condition.ticket, evidence.results.dense(condition.target)
        is_own = ticket is not None and condition.is_ticket and condition.target in ticket.source
        if is_own and dense and ticket and condition.level and (ticket.name, ticket.variant) == (name, variant):
            found = Comparison.of(condition, dense, evidence.results)
            joint = f" (of {ticket.source_name})" if len(ticket.source) > 1 else ""
            ladders.setdefault(f"{condition.target}{joint}", {})[condition.level] = found
    return ladders


def _table_of_levels(
    evidence: Evidence,
    name: str,
    variant: Variant,
    found: Mapping[MatchRule, Mapping[str, Sparsest]],
    ladders: Mapping[str, Mapping[Sparsity, Comparison]],
) -> Table:
    rows = [(_heading(evidence, rule), *map(_entry, by_target.values())) for rule, by_target in found.items()]
    notes = _notes(entry for row in rows for entry in row)
    needed = [_runs_for_a_point(ladder) for ladder in ladders.values()]
    if any(needed):
        rows.append((Entry("runs that would show a match within 1 point", tone="faint"), *map(Entry, needed)))
        notes = (
            *notes,
            "such runs would show it of equal networks in 80% of studies, by the spread between runs found here",
        )
    return Table(
        title=f"{name}{said_of(variant)}: the sparsest level that matches dense, each on the task it was found on",
        columns=(Column("match ...", is_number=False), *map(Column, ladders)),
        rows=(*rows, *_published(evidence, name, ladders)),
        notes=notes,
    )


def _published(evidence: Evidence, name: str, targets: Iterable[str]) -> Iterator[tuple[Entry, ...]]:
    """A row for each publication that says how far tickets of this name match."""
    for published in evidence.study.published:
        levels = {
            number.target: str(number.level)
            for number in published.numbers
            if isinstance(number, PublishedLevel)
            and number.arm.arm == name
            and number.arm.source in {None, "target", number.target}
        }
        if levels:
            yield Entry(published.where, tone="faint"), *(Entry(levels.get(target, "")) for target in targets)


def _runs_for_a_point(ladder: Mapping[Sparsity, Comparison]) -> str:
    """How many runs a test would need, by the deviation of paired differences that all levels have in common."""
    spreads = [
        (each.paired.n - 1, each.paired.sd) for each in ladder.values() if each.paired and each.paired.sd is not None
    ]
    if not spreads:
        return ""
    deviation = math.sqrt(sum(n * sd**2 for n, sd in spreads) / sum(n for n, _ in spreads))
    confidence = float(SHOWN_WITHIN_A_POINT.confidence or 0)
    needed = runs_needed(deviation, float(SHOWN_WITHIN_A_POINT.amount) * POINT, confidence, POWER)
    return "many" if needed is None else str(needed)


def _disagreement(found: Mapping[MatchRule, Mapping[str, Sparsest]]) -> str | None:
    """One sentence where the level depends on the rule; None where nothing is decided."""
    targets = next(iter(found.values())).keys()
    levels = {target: [by_target[target] for by_target in found.values()] for target in targets}
    decided = {target: each for target, each in levels.items() if all(one.undecided is None for one in each)}
    if not decided:
        return None
    apart = [f"{target} ({_from_to(each)})" for target, each in decided.items() if len({one.level for one in each}) > 1]
    if not apart:
        return "All rules give the same levels."
    return f"The rules disagree on {len(apart)} of {len(decided)} tasks: {', '.join(apart)}."


def _from_to(found: Iterable[Sparsest]) -> str:
    lowest, *_, highest = sorted(found, key=lambda one: float(one.level.fraction) if one.level else -1.0)
    return f"{_level(lowest)} to {_level(highest)}"


# Transfers


def _in_transfer(evidence: Evidence) -> Iterator[Block]:
    for (name, variant, level), tickets in evidence.transferred.items():
        there = {
            (condition.ticket, condition.target): condition
            for condition in evidence.results.conditions
            if condition.ticket in tickets and condition.arm == name and condition.level == level and condition.ticket
        }
        columns = [_Source(evidence, ticket, there) for ticket in tickets]
        rows = [
            *(
                (_heading(evidence, rule), *(column.against_dense(rule) for column in columns))
                for rule in rules_of(evidence)
            ),
            (Entry("at least the target's own ticket"), *(column.against_own() for column in columns)),
        ]
        yield Table(
            title=f"{name} at {level}{said_of(variant)}: other targets on which the ticket of a source matches",
            columns=(Column("match ...", is_number=False), *(Column(ticket.source_name) for ticket in tickets)),
            rows=tuple(rows),
            notes=_notes(entry for row in rows for entry in row),
        )


@frozen
class _Source:
    """A ticket on the targets it was transferred to, its own task aside."""

    evidence: Evidence
    ticket: Ticket
    there: Mapping[tuple[Ticket, str], Condition]

    def against_dense(self, rule: MatchRule) -> Entry:
        results = self.evidence.results
        pairs = [(mine, results.dense(mine.target)) for mine in self._elsewhere()]
        return _count(answer(rule, Comparison.of(mine, dense, results)) for mine, dense in pairs if dense)

    def against_own(self) -> Entry:
        """The paper's rule for transfers: compared with tickets, and not with dense networks."""
        return _count(self._reaches(mine) for mine in self._elsewhere() if self._own(mine) is not None)

    def _reaches(self, mine: Condition) -> Answer:
        own = self._own(mine)
        assert own is not None, "asked where there is one"
        return answer(AT_OR_ABOVE, Comparison.of(mine, own, self.evidence.results))

    def _elsewhere(self) -> Iterator[Condition]:
        for (ticket, target), condition in self.there.items():
            if ticket == self.ticket and target not in self.ticket.source:
                yield condition

    def _own(self, condition: Condition) -> Condition | None:
        tickets = (
            t for t, target in self.there if t and t.source == (condition.target,) and target == condition.target
        )
        return next((self.there[ticket, condition.target] for ticket in tickets), None)


def _count(answers: Iterable[Answer]) -> Entry:
    """`3 of 10`; with a sign where some have no answer."""
    found = list(answers)
    if not found:
        return Entry(NOWHERE_ELSE, tone="faint")
    sign = TO_COME if "no result yet" in found else "?" if "not enough runs" in found else ""
    if found.count("holds") + found.count("fails") == 0:
        return Entry(sign)
    return Entry(f"{found.count('holds')} of {len(found)}", mark=sign)


def _notes(entries: Iterable[Entry]) -> tuple[str, ...]:
    signs = dict.fromkeys(sign for entry in entries for sign in (entry.mark, entry.text))
    return tuple(said for sign, said in EXPLAINED.items() if sign in signs)
