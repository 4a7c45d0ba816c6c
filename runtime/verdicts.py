"""What the results say to a claim: holds, fails, not enough runs, or no result yet, with the cases it rests on.

A claim quantifies over what it does not name: seeds are averaged, every other axis is "for each", and what it says of
targets is asked of each of them. The right side takes what it does not name from the left case. Means are compared
unrounded (two decimals made a tie of the paper's matrix).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from attrs import frozen

from ticketlang.study import ArmPattern, Claim, MatchRule, Study, Ticket

from . import matching
from .matching import ENOUGH, NOISE, POINT, Answer, Comparison
from .points import points
from .results import Condition, Results
from .statistics import Average, Interval, bootstrap_interval

TARGET = "target"  # as a source: the ticket of the target itself


@frozen(kw_only=True)
class Case:
    """One comparison that a claim rests on."""

    left: Condition
    right: Condition | None  # None: the study has nothing to compare with
    left_average: Average | None
    right_average: Average | None
    difference: float | None  # left mean minus right mean, a fraction
    interval: Interval | None  # of the mean difference between runs of the same seeds, by resampling them
    bound: float | None  # what a test says the difference is at least, or at most; of rules with a confidence alone
    tolerance: float | None  # how far below the right mean still matches; of `matches` and `is within`
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
    cases = tuple(_case(claim, study.match, results, left, right) for left, right in pairs(claim, results))
    answer = _overall(claim, cases)
    return Verdict(claim=claim, answer=answer, cases=cases, summary=_summary(claim, answer, cases))


def pairs(claim: Claim, results: Results) -> Iterator[tuple[Condition, Condition | None]]:
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
    found = (
        Comparison.of(left, right, results)
        if right
        else Comparison(mine=results.average(left), theirs=None, paired=None)
    )
    mine, theirs = found.mine, found.theirs
    is_tested = claim.relation == "matches" and rule is not None
    return Case(
        left=left,
        right=right,
        left_average=mine,
        right_average=theirs,
        difference=mine.mean - theirs.mean if mine and theirs else None,
        interval=bootstrap_interval(results.differences(left, right)) if right else None,
        bound=matching.tested_bound(rule, found.paired) if is_tested and rule else None,
        tolerance=_tolerance(claim, rule, mine, theirs),
        answer=_answer(claim, rule, found),
        is_mixed=len(results.environments((left, right) if right else (left,))) > 1,
    )


def _tolerance(claim: Claim, rule: MatchRule | None, mine: Average | None, theirs: Average | None) -> float | None:
    if claim.relation == "is within":
        return float(claim.margin) * POINT
    if claim.relation != "matches" or rule is None or mine is None or theirs is None:
        return None
    return matching.tolerance(rule, mine, theirs)


def _answer(claim: Claim, rule: MatchRule | None, found: Comparison) -> Answer:
    if found.missing is not None:
        return found.missing
    assert found.mine is not None, "nothing is missing"
    assert found.theirs is not None, "nothing is missing"
    difference = found.mine.mean - found.theirs.mean
    match claim.relation:
        case "is at least":
            holds = difference >= -NOISE
        case "is within":
            holds = difference >= -float(claim.margin) * POINT - NOISE
        case "beats":
            holds = difference > NOISE and difference >= float(claim.margin) * POINT - NOISE
        case "matches":
            assert rule is not None, "judge() refuses a claim without its rule"
            return matching.answer(rule, found)
    return "holds" if holds else "fails"


def _overall(claim: Claim, cases: tuple[Case, ...]) -> Answer:
    """The quantifier over the targets, for each of what is not named; said as soon as no missing run can change it."""
    answers = {_over_targets(claim, group) for group in _groups(cases)} or {"no result yet"}
    order: tuple[Answer, ...] = ("fails", "no result yet", "not enough runs", "holds")
    return next(answer for answer in order if answer in answers)


def _over_targets(claim: Claim, cases: Collection[Case]) -> Answer:
    """Whether enough of some cases hold."""
    answers = Counter(case.answer for case in cases)
    hold, fail, total = answers["holds"], answers["fails"], len(cases)
    open_ = total - hold - fail
    match claim.quantifier:
        case "every":
            is_true, is_false = hold == total, fail > 0
        case "most":
            is_true, is_false = 2 * hold > total, 2 * (hold + open_) <= total
        case "at least half":
            is_true, is_false = 2 * hold >= total, 2 * (hold + open_) < total
        case "some":
            is_true, is_false = hold > 0, fail == total
    undecided: Answer = "no result yet" if answers["no result yet"] else "not enough runs"
    return "holds" if is_true else "fails" if is_false else undecided


def _groups(cases: tuple[Case, ...]) -> Collection[list[Case]]:
    """Cases that differ in their target alone: `most targets` is asked of each ticket and level that is not named.

    A ticket that is tried on nothing but its own source belongs to that target: which source it is, is no choice.
    """
    left, right = _at_home(case.left for case in cases), _at_home(case.right for case in cases if case.right)
    found: dict[object, list[Case]] = {}
    for case in cases:
        found.setdefault((_apart_from_target(case.left, left), _apart_from_target(case.right, right)), []).append(case)
    return found.values()


def _at_home(conditions: Iterable[Condition]) -> frozenset[Ticket]:
    """Tickets that are tried on their own sources alone."""
    targets: dict[Ticket, set[str]] = {}
    for condition in conditions:
        if condition.ticket:
            targets.setdefault(condition.ticket, set()).add(condition.target)
    return frozenset(ticket for ticket, its in targets.items() if its == set(ticket.source))


def _apart_from_target(condition: Condition | None, at_home: Collection[Ticket]) -> object:
    if condition is None or condition.ticket is None:
        return condition and (condition.arm, condition.level)
    ticket = condition.ticket
    source = None if ticket in at_home else ticket.source
    return condition.arm, condition.level, ticket.name, ticket.variant, source


def _summary(claim: Claim, answer: Answer, cases: tuple[Case, ...]) -> str:
    """One sentence: how many cases hold, and the one that decides."""
    if not cases:
        return "the study has no case of it"
    counts = Counter(case.answer for case in cases)
    if answer == "not enough runs":
        return f"a verdict needs at least {ENOUGH} seeds"
    said = f"{counts['holds']} of {len(cases)} cases hold"
    groups = _groups(cases)
    if claim.quantifier != "every" and len(groups) > 1:
        enough = sum(_over_targets(claim, group) == "holds" for group in groups)
        said += f", {claim.quantifier} of them for {enough} of {len(groups)} tickets"
    if counts["no result yet"]:
        said += f", {counts['no result yet']} {_have(counts['no result yet'])} no result yet"
    if counts["not enough runs"]:
        said += f", {counts['not enough runs']} {_have(counts['not enough runs'])} too few runs"
    failing = [case for case in cases if case.answer == "fails" and case.difference is not None]
    if failing:
        worst = min(failing, key=lambda case: case.difference or 0.0)
        assert worst.difference is not None, "failing cases have a difference"
        said += f"; furthest off is {worst.left.name} at {points(100 * worst.difference, is_signed=True)} points"
    return said


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
