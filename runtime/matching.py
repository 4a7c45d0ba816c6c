"""Whether a score matches dense, under one rule or under all of them side by side."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from attrs import frozen

from ticketlang.source import Source
from ticketlang.study import Deviation, MatchRule
from ticketlang.units import Sparsity

from .results import Condition, Results
from .statistics import Average, average, bound, pooled_sd

Answer = Literal["holds", "fails", "not enough runs", "no result yet"]

POINT = 0.01
NOISE = 1e-12  # of floating-point means: far less than one example in any evaluation set
ENOUGH = 2  # runs, without which there is no deviation

NOWHERE = Source("the rules of the field", "").end
CONFIDENCE = Fraction(95, 100)


def _within_one_sd(deviation: Deviation) -> MatchRule:
    return MatchRule(amount=Fraction(1), unit="sd", deviation=deviation, at=NOWHERE)


# What the paper calls matching, in its three readings: no worse (Chen et al. 2020; appendix A, table 4),
# and "within one standard deviation" (table 2), which does not say whose; and what a statistician would ask, both ways.
AT_OR_ABOVE = MatchRule(amount=Fraction(0), unit="points", at=NOWHERE)
ONE_SD = (_within_one_sd("dense"), _within_one_sd("ticket"), _within_one_sd("larger"), _within_one_sd("pooled"))
NOT_SHOWN_BELOW = MatchRule(amount=Fraction(0), unit="points", confidence=CONFIDENCE, to_show="difference", at=NOWHERE)
SHOWN_WITHIN_A_POINT = MatchRule(amount=Fraction(1), unit="points", confidence=CONFIDENCE, at=NOWHERE)
RULES = (AT_OR_ABOVE, *ONE_SD, NOT_SHOWN_BELOW, SHOWN_WITHIN_A_POINT)


@frozen(kw_only=True)
class Comparison:
    """A condition beside another: the averages of both, and of the differences between runs of the same seeds."""

    mine: Average | None
    theirs: Average | None
    paired: Average | None

    @classmethod
    def of(cls, left: Condition, right: Condition, results: Results) -> "Comparison":
        differences = results.differences(left, right)
        return cls(
            mine=results.average(left),
            theirs=results.average(right),
            paired=average(differences, len(differences)),
        )

    @property
    def missing(self) -> Answer | None:
        """What keeps any rule from answering; None: nothing does."""
        if self.mine is None or self.theirs is None or not (self.mine.is_complete and self.theirs.is_complete):
            return "no result yet"
        return "not enough runs" if min(self.mine.n, self.theirs.n) < ENOUGH else None


def answer(rule: MatchRule, found: Comparison) -> Answer:
    """Whether a condition matches its reference."""
    if found.missing is not None:
        return found.missing
    assert found.mine is not None, "nothing is missing"
    assert found.theirs is not None, "nothing is missing"
    is_match = matches(rule, found.mine, found.theirs, found.paired)
    return "not enough runs" if is_match is None else "holds" if is_match else "fails"


def matches(rule: MatchRule, mine: Average, theirs: Average, paired: Average | None = None) -> bool | None:
    """Whether a score is no further below a reference than the rule allows; None where what it needs is missing.

    Being better always matches: a matching subnetwork is one that is no worse, as Chen et al. 2020 define it.

    Args:
        paired: differences between runs of the same seeds, for rules that test them.
    """
    allowed = tolerance(rule, mine, theirs)
    if rule.confidence is None:
        return None if allowed is None else mine.mean >= theirs.mean - allowed - NOISE
    limit = tested_bound(rule, paired)
    return None if limit is None or allowed is None else limit >= -allowed - NOISE


def tolerance(rule: MatchRule, mine: Average, theirs: Average) -> float | None:
    """How far below the reference still matches, a fraction; None where a deviation it needs is missing."""
    if rule.unit == "points":
        return float(rule.amount) * POINT
    match rule.deviation:
        case "ticket":
            deviation = mine.sd
        case "dense":
            deviation = theirs.sd
        case "larger":
            both_known = mine.sd is not None and theirs.sd is not None
            deviation = max(mine.sd or 0.0, theirs.sd or 0.0) if both_known else None
        case "pooled":
            deviation = pooled_sd(mine, theirs)
        case None:
            raise ValueError("a rule in standard deviations says whose")
    return None if deviation is None else float(rule.amount) * deviation


def tested_bound(rule: MatchRule, paired: Average | None) -> float | None:
    """The bound of the difference that the rule's test looks at; None for rules without a test, and without two runs.

    To show a match, what the difference is at least must be within the margin (the lower half of two one-sided tests,
    Schuirmann 1987); to show a difference, what it is at most must be below zero.
    """
    if rule.confidence is None or paired is None:
        return None
    return bound(paired, float(rule.confidence), lower=rule.to_show == "match")


@frozen
class Sparsest:
    """The highest level that matches, and what is to be known beside it."""

    level: Sparsity | None  # None: no level does
    undecided: Answer | None = None  # why some higher level has no answer
    has_gap: bool = False  # some lower level does not match


def sparsest(rule: MatchRule, ladder: Mapping[Sparsity, Comparison]) -> Sparsest:
    """The highest sparsity at which a rule is met (Chen et al. 2020, table 2), whatever is the case below it."""
    answers = {level: answer(rule, found) for level, found in sorted(ladder.items(), reverse=True)}
    undecided: Answer | None = None
    for level, found in answers.items():
        if found == "holds":
            has_gap = any(answers[lower] == "fails" for lower in answers if lower < level)
            return Sparsest(level, undecided, has_gap)
        if found != "fails":
            undecided = undecided or found
    return Sparsest(None, undecided)
