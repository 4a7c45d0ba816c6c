"""Which places of a transfer matrix match, under every rule of the field, and by how much."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from ticketlang.study import MatchRule, Published, PublishedScore
from ticketlang.units import Sparsity

from ..matching import AT_OR_ABOVE, NOISE, RULES, Comparison, answer
from ..points import points
from ..results import Condition
from .blocks import MISSING, Column, Entry, Table
from .drawings import Judged, Rules
from .evidence import Evidence

OWN = "the target's own ticket"
OWN_TICKET = f"at least {OWN}"  # the paper's rule for transfers (Chen et al. 2020, figure 2)
UNKNOWN = Judged(None, None)

Place = tuple[str, str]  # source and target


def rules_of(evidence: Evidence) -> tuple[MatchRule, ...]:
    """The study's own rule among those of the field."""
    own = evidence.study.match
    return RULES if own is None or own in RULES else (own, *RULES)


def matrix_by_rules(
    evidence: Evidence,
    conditions: Sequence[Sequence[Condition | None]],
    own: Mapping[str, Condition | None],
    notes: tuple[str, ...],
) -> Rules:
    """A matrix with a heading on the left and a count of other targets on the right.

    It is shown by the paper's rule for transfers, or by that of the study where no target has a ticket of its own to
    compare with.

    Args:
        conditions: row by row; None: there is no such place.
        own: of each target, the ticket that was found on it.
    """
    in_force = evidence.study.match
    has_dense = any(c is not None and evidence.results.dense(c.target) for row in conditions for c in row)
    asked = rules_of(evidence) if has_dense else ()
    rows = [[_judged(evidence, asked, c, own.get(c.target)) if c else () for c in row] for row in conditions]
    of_study = asked.index(in_force) if in_force in asked else None
    is_against_own = of_study is None or any(is_other(c) and own.get(c.target) for row in conditions for c in row if c)
    return Rules(
        rules=(*map(str, asked), OWN_TICKET),
        against=(*("dense" for _ in asked), OWN),
        shown=len(asked) if of_study is None or is_against_own else of_study,
        in_force=of_study,
        places=tuple(((), *row, ()) for row in rows),
        counts=tuple(
            tuple(
                _count(place[rule] for place, c in zip(row, its, strict=True) if c and is_other(c))
                for rule in range(len(asked) + 1)
            )
            for row, its in zip(rows, conditions, strict=True)
        ),
        notes=notes,
    )


def is_other(condition: Condition) -> bool:
    """Whether the target is none of the sources."""
    return condition.ticket is None or condition.target not in condition.ticket.source


def _judged(
    evidence: Evidence, rules: Sequence[MatchRule], condition: Condition, own: Condition | None
) -> tuple[Judged, ...]:
    dense = evidence.results.dense(condition.target)
    against_dense = (_answer(evidence, rule, condition, dense) for rule in rules)
    return (*against_dense, UNKNOWN if condition == own else _answer(evidence, AT_OR_ABOVE, condition, own))


def _answer(evidence: Evidence, rule: MatchRule, condition: Condition, other: Condition | None) -> Judged:
    if other is None:
        return UNKNOWN
    found = Comparison.of(condition, other, evidence.results)
    apart = 100 * (found.mine.mean - found.theirs.mean) if found.mine and found.theirs else None
    return Judged(answer(rule, found), apart)


def _count(judged: Iterable[Judged]) -> str:
    """`3 of 10`, of those that have an answer; a dash where none has."""
    answers = [each.answer for each in judged if each.answer in {"holds", "fails"}]
    return f"{answers.count('holds')} of {len(answers)}" if answers else MISSING.text


# What others found


def published_matrix(evidence: Evidence, name: str, level: Sparsity, ours: Rules) -> Table | None:
    """The published matrix of a ticket block at a level, shaded by the rules of the one it stands beside.

    None where there is none.
    """
    for published in evidence.study.published:
        numbers = [number for number in published.numbers if isinstance(number, PublishedScore)]
        places: dict[Place, PublishedScore] = {
            (number.arm.source, number.target): number
            for number in numbers
            if number.arm.source not in {None, "target"} and (number.arm.arm, number.arm.level) == (name, level)
        }
        if min(len({source for source, _ in places}), len({target for _, target in places})) > 1:
            return _published_table(published, places, ours)
    return None


def _published_table(published: Published, places: Mapping[Place, PublishedScore], ours: Rules) -> Table:
    sources = tuple(dict.fromkeys(source for source, _ in places))
    targets = tuple(dict.fromkeys(target for _, target in places))
    has_gaps = all(number.gap is not None for number in places.values())
    against_dense = len(ours.rules) - 1  # the last is the own ticket's
    judged = {place: _published_answers(place, places, against_dense) for place in places}
    said = "gap to dense, in points" if has_gaps else "scores, in hundredths"
    notes = (
        f"as published: {said}; by rules that ask for runs, which publications do not give, shaded as {AT_OR_ABOVE}",
    )
    drawing = evolve(
        ours,
        places=tuple(((), *(judged.get((s, t), ()) for t in targets), ()) for s in sources),
        counts=tuple(
            tuple(
                _count(judged[s, t][rule] for t in targets if (s, t) in judged and s != t)
                for rule in range(len(ours.rules))
            )
            for s in sources
        ),
        notes=notes,
    )
    return Table(
        title=f"{published.where}: source (row) to target (column)",
        columns=(Column("source", is_number=False), *map(Column, targets), Column("count")),
        rows=tuple(
            (Entry(s), *(_published_entry(places.get((s, t))) for t in targets), Entry(counts[drawing.shown]))
            for s, counts in zip(sources, drawing.counts, strict=True)
        ),
        notes=(*notes, drawing.counted),
        drawing=drawing,
    )


def _published_entry(number: PublishedScore | None) -> Entry:
    if number is None:
        return Entry("")
    value = number.points if number.gap is None else number.gap
    return Entry(points(float(value), is_signed=number.gap is not None))


def _published_answers(place: Place, places: Mapping[Place, PublishedScore], against_dense: int) -> tuple[Judged, ...]:
    """One for each rule that compares with dense, and one for that of the target's own ticket."""
    number, own = places[place], places.get((place[1], place[1]))
    above = None if number.gap is None else float(number.gap)
    is_compared = own is not None and own is not number and (number.gap is None) == (own.gap is None)
    by_own = _by(_value(number) - _value(own)) if own and is_compared else UNKNOWN
    return (*(against_dense * (_by(above),)), by_own)


def _value(number: PublishedScore) -> float:
    return float(number.points if number.gap is None else number.gap)


def _by(apart: float | None) -> Judged:
    return UNKNOWN if apart is None else Judged("holds" if apart >= -NOISE else "fails", apart)
