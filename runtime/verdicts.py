"""What the results say to a claim: holds, fails, not enough runs, or no result yet, with the cases it rests on.

A claim quantifies over what it does not name: seeds are averaged, every other axis is "for each". The right side takes
what it does not name from the left case. Means are compared unrounded (two decimals made a tie of the paper's matrix).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from ticketlang.study import ArmPattern, Claim, MatchRule, Study, Ticket

from .results import Condition, Results
from .statistics import Average, pooled_sd

Answer = Literal["holds", "fails", "not enough runs", "no result yet"]
TARGET = "target"  # as a source: the ticket of the target itself

POINT = 0.01
NOISE = 1e-12  # of floating-point means: far less than one example in any evaluation set
ENOUGH = 2  # runs, without which there is no deviation


@frozen(kw_only=True)
class Case:
    """One comparison that a claim rests on."""

    left: Condition
    right: Condition | None  # None: the study has nothing to compare with
    left_average: Average | None
    right_average: Average | None
    difference: float | None  # left mean minus right mean, a fraction
    tolerance: float | None  # how far below the right mean still matches; of `matches` alone
    answer: Answer
    is_mixed: bool = False  # its runs were made in different environments


@frozen(kw_only=True)
class Verdict:
    """A claim's answer, with its evidence."""

    claim: Claim
    answer: Answer
    cases: tuple[Case, ...]
    summary: str


def judge(claim: Claim, study: Study, results: Results) -> Verdict:
    """Put a claim to the results as far as they are there.

    Raises:
        ValueError: the claim says `matches`, and the study has no match rule; checking the study finds this before.
    """
    if claim.relation == "matches" and study.match is None:
        raise ValueError(f"the claim `{claim.name}` needs a match rule")
    cases = tuple(_case(claim, study.match, results, left, right) for left, right in _pairs(claim, results))
    answer = _overall(claim, cases)
    return Verdict(claim=claim, answer=answer, cases=cases, summary=_summary(claim, answer, cases))


def matches(rule: MatchRule, ticket: Average, reference: Average) -> bool | None:
    """Whether a score is no further below a reference than the rule allows; None where a deviation is missing.

    Being better always matches: a matching subnetwork is one that is no worse (Chen et al. 2020, section 3).
    """
    allowed = tolerance(rule, ticket, reference)
    return None if allowed is None else ticket.mean >= reference.mean - allowed - NOISE


def tolerance(rule: MatchRule, ticket: Average, reference: Average) -> float | None:
    """How far below the reference still matches, a fraction; None where a deviation it needs is missing."""
    if rule.unit == "points":
        return float(rule.amount) * POINT
    match rule.deviation:
        case "ticket":
            deviation = ticket.sd
        case "dense":
            deviation = reference.sd
        case "larger":
            both_known = ticket.sd is not None and reference.sd is not None
            deviation = max(ticket.sd or 0.0, reference.sd or 0.0) if both_known else None
        case "pooled":
            deviation = pooled_sd(ticket, reference)
        case None:
            raise ValueError("a rule in standard deviations says whose")
    return None if deviation is None else float(rule.amount) * deviation


def _pairs(claim: Claim, results: Results) -> Iterator[tuple[Condition, Condition | None]]:
    """Every left condition with each right one that it is to be compared with."""
    for left in results.conditions:
        if not _speaks_of(claim.left, left) or (claim.targets and left.target not in claim.targets):
            continue
        if claim.other and left.ticket is not None and left.target in left.ticket.source:
            continue
        right = _opposites(claim.right, left, results)
        if right:
            yield from ((left, each) for each in right)
        elif claim.right.source != TARGET:  # a target that is no source has no ticket of its own to compare with
            yield left, None


def _speaks_of(pattern: ArmPattern, condition: Condition) -> bool:
    """Whether a condition is one of those a side names."""
    if condition.arm != pattern.arm:
        return False
    if pattern.level is not None and condition.level != pattern.level:
        return False
    if pattern.source == TARGET:
        return condition.ticket is not None and condition.ticket.source == (condition.target,)
    return pattern.source is None or condition.source == pattern.source


def _opposites(pattern: ArmPattern, left: Condition, results: Results) -> tuple[Condition, ...]:
    """The right conditions of a left one: what the pattern leaves open is as on the left, as far as that can be."""
    on_target = [c for c in results.conditions if c.target == left.target]
    there = [c for c in on_target if c != left and _speaks_of(pattern, c)]
    if pattern.level is None and left.level is not None:
        there = [c for c in there if c.level in {None, left.level}]
    if left.ticket is None:
        # An arm that some tickets share and others have for themselves stands beside the former alone.
        apart = {c.ticket.label for c in on_target if c.arm == left.arm and c.ticket}
        return tuple(c for c in there if c.ticket is None or c.ticket.label not in apart)
    if pattern.source is None and not any(c.is_ticket for c in there):
        return _baselines_of(left.ticket, there)
    if pattern.source is None:
        there = [c for c in there if c.source == left.source] or there
    block = [c for c in there if c.ticket and c.ticket.name == left.ticket.name] or there
    return tuple(c for c in block if c.ticket and c.ticket.variant == left.ticket.variant) or tuple(block)


def _baselines_of(ticket: Ticket, there: list[Condition]) -> tuple[Condition, ...]:
    """Those of a baseline's conditions that were made for a ticket; else those that all tickets share."""
    own = tuple(c for c in there if c.ticket and c.ticket.label == ticket.label)
    return own or tuple(c for c in there if c.ticket is None)


def _case(claim: Claim, rule: MatchRule | None, results: Results, left: Condition, right: Condition | None) -> Case:
    mine = results.average(left)
    theirs = results.average(right) if right else None
    difference = mine.mean - theirs.mean if mine and theirs else None
    allowed = tolerance(rule, mine, theirs) if claim.relation == "matches" and rule and mine and theirs else None
    return Case(
        left=left,
        right=right,
        left_average=mine,
        right_average=theirs,
        difference=difference,
        tolerance=allowed,
        answer=_answer(claim, rule, mine, theirs),
        is_mixed=len(results.environments((left, right) if right else (left,))) > 1,
    )


def _answer(claim: Claim, rule: MatchRule | None, mine: Average | None, theirs: Average | None) -> Answer:
    if mine is None or theirs is None or not (mine.is_complete and theirs.is_complete):
        return "no result yet"
    if min(mine.n, theirs.n) < ENOUGH:
        return "not enough runs"
    difference = mine.mean - theirs.mean
    match claim.relation:
        case "is at least":
            holds = difference >= -NOISE
        case "beats":
            holds = difference > NOISE and difference >= float(claim.margin) * POINT - NOISE
        case "matches":
            assert rule is not None, "judge() refuses a claim without its rule"
            holds = bool(matches(rule, mine, theirs))
    return "holds" if holds else "fails"


def _overall(claim: Claim, cases: tuple[Case, ...]) -> Answer:
    """The quantifier over the cases. What cannot change any more is said before every run is done."""
    answers = Counter(case.answer for case in cases)
    hold, fail, total = answers["holds"], answers["fails"], len(cases)
    undecided: Answer = "no result yet" if answers["no result yet"] or not cases else "not enough runs"
    open_ = total - hold - fail
    match claim.quantifier:
        case "every":
            is_true, is_false = hold == total > 0, fail > 0
        case "most":
            is_true, is_false = 2 * hold > total, total > 0 and 2 * (hold + open_) <= total
        case "some":
            is_true, is_false = hold > 0, fail == total > 0
    return "holds" if is_true else "fails" if is_false else undecided


def _summary(claim: Claim, answer: Answer, cases: tuple[Case, ...]) -> str:
    """One sentence: how many cases hold, and the one that decides."""
    if not cases:
        return "the study has no case of it"
    counts = Counter(case.answer for case in cases)
    if answer == "not enough runs":
        return f"a verdict needs at least {ENOUGH} seeds"
    said = f"{counts['holds']} of {len(cases)} cases hold"
    if counts["no result yet"]:
        said += f", {counts['no result yet']} have no result yet"
    if counts["not enough runs"]:
        said += f", {counts['not enough runs']} have too few runs"
    failing = [case for case in cases if case.answer == "fails" and case.difference is not None]
    if failing:
        worst = min(failing, key=lambda case: case.difference or 0.0)
        assert worst.difference is not None, "failing cases have a difference"
        said += f"; furthest off is {worst.left.name} at {100 * worst.difference:+.2f} points"
    return said
