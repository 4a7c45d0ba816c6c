"""What `prune` says: how weights are scored, over what the budget is shared, and among which weights."""

from fractions import Fraction

from attrs import evolve

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Pruning, Rise
from ..syntax import Percent, Ratio
from ..units import START, Duration
from ..vocabulary.prunings import PRUNINGS, Allocation, PruningMethod
from ..vocabulary.scopes import SCOPES, is_of_units
from .complaints import Misread
from .nearest import nearest
from .phrases import Reader

USUAL_RISE = Rise(
    begins=Duration(Fraction(1, 10), "training"),
    ends=Duration(Fraction(6, 10), "training"),
    every=Duration(Fraction(1, 100), "training"),
)


def take_pruning(phrase: Reader) -> Pruning:
    """`magnitude global of encoder + pooler`, `snip of encoder over 4 batches`, `gradual magnitude of encoder`."""
    start = phrase.here
    is_gradual = phrase.takes("gradual")
    method = phrase.take_row(PRUNINGS, lambda: diagnostics.UnknownPruning, "a way to prune, such as `magnitude`")
    ratio = phrase.takes_ratio()
    allocation = _take_allocation(phrase) if ratio is None else "per layer"  # each matrix loses the same share
    phrase.take_words("of")
    scope = _take_scope(phrase, method)
    if allocation == "erk" and is_of_units(scope):
        why = "shares go by the sizes of matrices, and units have one size"
        raise Misread(_apart(phrase.whole, "erk", scope[0], why, "say `per layer`, or `erk of encoder`"))
    pattern = None if ratio is None else _pattern(phrase, ratio, method, scope)
    number = _take_number(phrase, method)
    if is_gradual and (method.name != "magnitude" or ratio is not None):
        other = method.name if ratio is None else ratio.text
        why = "while a network is trained, weights go by their magnitude, a few at a time"
        raise Misread(_apart(start, "gradual", other, why, "say `gradual magnitude`, or leave out `gradual`"))
    rise = _take_rise(phrase) if is_gradual else None
    return Pruning(
        method=method.name,
        allocation=allocation,
        scope=scope,
        pattern=pattern,
        batches=number if method.over == "batches" else None,
        iterations=number if method.over == "iterations" else None,
        rise=rise,
        at=phrase.whole,
    )


def _take_allocation(phrase: Reader) -> Allocation:
    if phrase.takes("per", "layer"):
        return "per layer"
    if phrase.takes("erk"):
        return "erk"
    if not phrase.takes("global") and not phrase.says("of"):
        raise phrase.misread("`global`, `per layer`, `erk`, a pattern such as `2:4`, or `of`")
    return "global"


def _pattern(phrase: Reader, ratio: Ratio, method: PruningMethod, scope: tuple[str, ...]) -> tuple[int, int]:
    """`2:4`: of every 4 weights of a row, one after another, 2 are kept."""
    kept, of = ratio.value
    if not 0 < kept < of:
        raise phrase.out_of_range(ratio, "a pattern", "some of more, such as `2:4`")
    if is_of_units(scope):
        why = "a pattern chooses among neighbouring weights, and units go whole"
        raise Misread(_apart(ratio.at, ratio.text, scope[0], why, f"say `{ratio.text} of encoder`"))
    if method.over == "iterations":
        why = "it removes a few weights at a time, and a pattern all at once"
        raise Misread(_apart(ratio.at, method.name, ratio.text, why, f"say `magnitude {ratio.text}`, or `global`"))
    return kept, of


def _apart(at: Span, one: str, other: str, why: str, way_out: str) -> Diagnostic:
    return diagnostics.DoesNotCombine(at=at, one=one, other=other, why=why, way_out=way_out)


def _take_scope(phrase: Reader, method: PruningMethod) -> tuple[str, ...]:
    start = phrase.here
    scope: list[str] = []
    for term in phrase.take_terms("what may be pruned, such as `encoder + pooler`"):
        name = term.text
        if name not in SCOPES:
            guess, known = nearest(name, SCOPES), tuple(SCOPES)
            name = phrase.pass_over(diagnostics.UnknownScope(at=term.at, name=name, nearest=guess, known=known))
        if name in scope:
            raise Misread(diagnostics.NamedTwiceInList(at=term.at, name=name))
        if scope and SCOPES[name].is_of_units != SCOPES[scope[0]].is_of_units:
            raise Misread(diagnostics.MixedScope(at=term.at, one=scope[0], other=name))
        scope.append(name)
    if is_of_units(tuple(scope)) and not method.prunes_units:
        able = tuple(row.name for row in PRUNINGS.values() if row.prunes_units)
        raise Misread(diagnostics.ScoresNoUnits(at=start, method=method.name, able=able))
    # The order in which a scope is written means nothing.
    return tuple(name for name in SCOPES if name in scope)


def _take_number(phrase: Reader, method: PruningMethod) -> int | None:
    """`over 10 batches`: of what the method counts; the usual number where none is said."""
    if method.over is None or not phrase.takes("over"):
        return method.usual
    return phrase.take_count(method.over)


def _take_rise(phrase: Reader) -> Rise:
    """`from 10% to 60% of training every 100 steps`; what is not said stands as in `USUAL_RISE`."""
    rise = USUAL_RISE
    if phrase.takes("from"):
        start = phrase.here
        begins = _take_beginning(phrase)
        phrase.take_words("to")
        ends = phrase.take_duration("steps", "epochs", "training")
        if not ends.amount or (begins.unit == ends.unit and begins.amount >= ends.amount):
            example = "prune gradual magnitude of encoder from 10% to 60% of training every 100 steps"
            raise Misread(
                diagnostics.OutOfRange(
                    at=start, what="the end of a rise", range=f"after {begins}", found=str(ends), example=example
                )
            )
        rise = evolve(rise, begins=begins, ends=ends)
    if phrase.takes("every"):
        start = phrase.here
        every = phrase.take_duration("steps", "epochs", "training")
        if not every.amount:
            raise Misread(diagnostics.NotWhole(at=start, what="a number of steps", found=start.text, least=1))
        rise = evolve(rise, every=every)
    return rise


def _take_beginning(phrase: Reader) -> Duration:
    """`10%` of training, which is said once, with the end; or a number of steps or epochs."""
    if not isinstance(phrase.next, Percent):
        begins = phrase.take_duration("steps", "epochs")
        return begins if begins.amount else START
    share = phrase.take_percent("a share of training")
    if phrase.takes("of"):
        phrase.take_words("training")
    return Duration(share.value, "training") if share.value else START
