"""Paths of sparsity levels, and seeds: lists in which `1 to 5` stands for many."""

from fractions import Fraction
from itertools import islice

from attrs import frozen

from .. import diagnostics
from ..source import Span
from ..syntax import Number, Percent
from ..units import Of, Sparsity, climb, percent_text
from .complaints import Misread
from .phrases import Reader

MOST_LEVELS = 200  # fractions of `of remaining` grow with each; each is a training, too
MOST_SEEDS = 1000


@frozen(repr=False, eq=False)
class Levels:
    """Sparsity levels in the order written, and where each was."""

    all: tuple[Sparsity, ...]
    places: tuple[Span, ...]
    of: Of | None  # None: not said


@frozen(repr=False, eq=False)
class Stretch:
    """What one item of a path says: a level, or levels from one to another."""

    first: Percent
    last: Percent | None
    by: Percent | None
    at: Span


def take_levels(phrase: Reader) -> Levels:
    """`30%, 50% of original`, `10% to 70% by 10% of remaining`. One `of` at the end serves all."""
    stretches = [_take_stretch(phrase)]
    while phrase.takes_comma():
        stretches.append(_take_stretch(phrase))
    of = _take_of(phrase)
    levels: list[Sparsity] = []
    places: list[Span] = []
    for stretch in stretches:
        before = levels[-1].fraction if levels else Fraction(0)
        for level in _levels_of(stretch, of, before):
            if levels and level <= levels[-1]:
                raise Misread(diagnostics.SparsityFalls(at=stretch.at, later=str(level), earlier=str(levels[-1])))
            levels.append(level)
            places.append(stretch.at)
            if len(levels) > MOST_LEVELS:
                raise Misread(diagnostics.TooManyLevels(at=stretch.at, limit=MOST_LEVELS))
    return Levels(tuple(levels), tuple(places), of)


def take_said_levels(phrase: Reader) -> Levels:
    """Levels that say of what they are shares."""
    start = phrase.here
    levels = take_levels(phrase)
    if levels.of is None:
        raise Misread(diagnostics.OfWhatUnsaid(at=start.to(levels.places[-1])))
    return levels


def _take_stretch(phrase: Reader) -> Stretch:
    start = phrase.here
    first = _take_level(phrase)
    if not _goes_on_to_a_level(phrase):
        return Stretch(first, None, None, start)
    phrase.take_words("to")
    last = _take_level(phrase)
    phrase.take_words("by")
    by = phrase.take_percent("a step such as `10%`")
    if not 0 < by.value < 1:
        raise phrase.out_of_range(by, "a step", "above 0% and below 100%")
    if last.value <= first.value:
        raise Misread(diagnostics.SparsityFalls(at=last.at, later=last.text, earlier=first.text))
    return Stretch(first, last, by, start.to(by.at))


def _goes_on_to_a_level(phrase: Reader) -> bool:
    """Whether `to` comes next, and means a level: in `transfer imp at 70% to glue` it means targets."""
    following = phrase.parts[phrase.index + 1 : phrase.index + 2]
    return phrase.says("to") and isinstance(following[0] if following else None, Percent | Number | None)


def _take_level(phrase: Reader) -> Percent:
    level = phrase.take_percent("a sparsity such as `70%`")
    if level.value >= 1:
        raise phrase.out_of_range(level, "a sparsity", "below 100%")
    return level


def _take_of(phrase: Reader) -> Of | None:
    if not phrase.takes("of"):
        return None
    return "original" if phrase.take_one_of("original", "remaining") == "original" else "remaining"


def _levels_of(stretch: Stretch, of: Of | None, before: Fraction) -> list[Sparsity]:
    """The levels of a stretch. A single share `of remaining` is taken from what the level before it left."""
    first = stretch.first.value
    if stretch.last is None or stretch.by is None:
        return [Sparsity(1 - (1 - before) * (1 - first) if of == "remaining" else first)]
    levels = list(islice(climb(first, stretch.last.value, stretch.by.value, of or "original"), MOST_LEVELS + 1))
    if of != "remaining" and len(levels) <= MOST_LEVELS and levels[-1].fraction != stretch.last.value:
        raise Misread(
            diagnostics.StepMisses(
                at=stretch.at,
                by=stretch.by.text,
                first=stretch.first.text,
                last=stretch.last.text,
                before=str(levels[-1]),
            )
        )
    return levels


def nearest_level(level: Sparsity, levels: tuple[Sparsity, ...]) -> Sparsity:
    """The level that is written so: paths `of remaining` have levels such as 71.757...%, which people call 71.76%."""
    if level in levels:
        return level
    return next((known for known in levels if percent_text(known.fraction) == percent_text(level.fraction)), level)


def take_seeds(phrase: Reader) -> tuple[int, ...]:
    """`1, 2, 3`, `1 to 5`."""
    seeds: list[int] = []
    while True:
        at = phrase.here
        first = phrase.take_whole("a seed", least=0)
        last = phrase.take_whole("a seed", least=first) if phrase.takes("to") else first
        if len(seeds) + last - first >= MOST_SEEDS:
            raise Misread(diagnostics.TooManySeeds(at=at, limit=MOST_SEEDS))
        for seed in range(first, last + 1):
            if seed in seeds:
                raise Misread(diagnostics.NamedTwiceInList(at=at, name=str(seed)))
            seeds.append(seed)
        if not phrase.takes_comma():
            return tuple(seeds)
