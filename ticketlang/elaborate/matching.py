"""The rule by which a score matches dense: by its mean, or by a test over runs of the same seeds."""

from fractions import Fraction

from .. import diagnostics
from ..source import Span
from ..study import Deviation, MatchRule
from ..syntax import Number
from .complaints import Misread
from .phrases import Reader, check_above_zero

DEVIATIONS: tuple[Deviation, ...] = ("ticket", "dense", "larger", "pooled")


def take_match(phrase: Reader) -> MatchRule:
    """`at or above dense`, `within 1 sd of dense using larger sd`, `within 1 point of dense with 95% confidence`."""
    start = phrase.here
    if phrase.takes("at", "or", "above", "dense"):
        return MatchRule(amount=Fraction(0), unit="points", at=start)
    if phrase.takes("unless", "below", "dense"):
        confidence = _take_confidence(phrase)
        return MatchRule(amount=Fraction(0), unit="points", confidence=confidence, to_show="difference", at=start)
    if not phrase.takes("within"):
        raise phrase.misread("`at or above dense`, `within` or `unless below dense`")
    return _take_tolerance(phrase, start)


def _take_tolerance(phrase: Reader, start: Span) -> MatchRule:
    number = phrase.take_number("a number of `sd` or `points`")
    amount = check_above_zero(phrase, number, "a tolerance") if number.value else number.value
    if phrase.next is None or not any(map(phrase.says, ("sd", "points", "point"))):
        raise phrase.no_such_unit(number, "sd", "points")
    if phrase.takes("sd"):
        phrase.take_words("of", "dense")
        return MatchRule(amount=amount, unit="sd", deviation=_take_deviation(phrase), at=start)
    phrase.take_one_of("points", "point")
    phrase.take_words("of", "dense")
    confidence = _take_confidence(phrase) if phrase.says("with") else None
    if confidence is not None and not amount:
        raise _no_margin(phrase, number)
    return MatchRule(amount=amount, unit="points", confidence=confidence, at=start)


def _no_margin(phrase: Reader, number: Number) -> Misread:
    """No number of runs shows that two networks are exactly as good."""
    return phrase.out_of_range(number, "a margin that a test can show", "above zero")


def _take_deviation(phrase: Reader) -> Deviation:
    if not phrase.takes("using"):
        if phrase.next is not None:
            raise phrase.misread("`using`")
        raise Misread(diagnostics.DeviationUnsaid(at=phrase.whole))
    said = phrase.take_one_of(*DEVIATIONS)
    phrase.take_words("sd")
    return next(known for known in DEVIATIONS if known == said)


def _take_confidence(phrase: Reader) -> Fraction:
    phrase.take_words("with")
    percent = phrase.take_percent("a confidence such as `95%`")
    if not Fraction(1, 2) < percent.value < 1:
        raise phrase.out_of_range(percent, "a confidence", "above 50% and below 100%")
    phrase.take_words("confidence")
    return percent.value
