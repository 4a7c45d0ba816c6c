"""Which places of a transfer matrix match, under every rule of the field, and by how much."""

from collections.abc import Mapping, Sequence

from ticketlang.study import MatchRule

from ..matching import AT_OR_ABOVE, RULES, Comparison, answer
from ..results import Condition
from .drawings import Judged, Rules
from .evidence import Evidence

OWN_TICKET = "at least the target's own ticket"  # the paper's rule for transfers (Chen et al. 2020, figure 2)


def rules_of(evidence: Evidence) -> tuple[MatchRule, ...]:
    """The study's own rule among those of the field."""
    own = evidence.study.match
    return RULES if own is None or own in RULES else (own, *RULES)


def matrix_by_rules(
    evidence: Evidence, conditions: Sequence[Sequence[Condition | None]], own: Mapping[str, Condition | None]
) -> Rules:
    """A matrix with a heading on the left and a count on the right.

    Args:
        conditions: row by row; None: there is no such place.
        own: of each target, the ticket that was found on it.
    """
    rules, in_force = rules_of(evidence), evidence.study.match
    has_dense = any(c is not None and evidence.results.dense(c.target) for row in conditions for c in row)
    asked = rules if has_dense else ()
    places = [[_judged(evidence, asked, c, own.get(c.target)) if c else () for c in row] for row in conditions]
    return Rules(
        rules=(*map(str, asked), OWN_TICKET),
        in_force=asked.index(in_force) if in_force in asked else len(asked),
        places=tuple(((), *row, ()) for row in places),
    )


def _judged(
    evidence: Evidence, rules: Sequence[MatchRule], condition: Condition, own: Condition | None
) -> tuple[Judged, ...]:
    dense = evidence.results.dense(condition.target)
    against_dense = (_answer(evidence, rule, condition, dense) for rule in rules)
    is_own = condition == own
    return (*against_dense, Judged(None, None) if is_own else _answer(evidence, AT_OR_ABOVE, condition, own))


def _answer(evidence: Evidence, rule: MatchRule, condition: Condition, other: Condition | None) -> Judged:
    if other is None:
        return Judged(None, None)
    found = Comparison.of(condition, other, evidence.results)
    apart = 100 * (found.mine.mean - found.theirs.mean) if found.mine and found.theirs else None
    return Judged(answer(rule, found), apart)
