"""Numbers from a publication, to be shown beside the study's own: a line for each arm, a number for each target."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from attrs import evolve

from .. import diagnostics
from ..source import Span
from ..study import ArmPattern, Published, PublishedLevel, PublishedNumber, PublishedScore
from ..syntax import Statement
from ..units import Sparsity
from ..vocabulary.fields import STUDY
from .complaints import Complaints, Misread
from .patterns import Names, Patterns
from .phrases import Name, Reader

MOST_POINTS = 100  # of a score; a gap to another one may be as large


def publications_of(statements: Iterable[Statement], names: Names, complaints: Complaints) -> Iterator[Published]:
    """Every publication that a study names, with the numbers that were understood."""
    places: dict[str, Span] = {}
    for head in statements:
        where = complaints.attempt(lambda head=head: _take_where(head))  # type: ignore[misc]  # mypy cannot type a lambda's default
        numbers = tuple(_numbers(head, names, complaints))
        if where is not None and where in places:
            first = (places[where], "first named here")
            complaints.add(diagnostics.NameTaken(at=head.items[0].at, name=where, seconds=(first,)))
        elif where is not None:
            places[where] = head.items[0].at
            if numbers:
                yield Published(where=where, numbers=numbers, at=head.at)


def _take_where(head: Statement) -> str:
    phrase = Reader.of(head, STUDY["published"])
    return phrase.read_whole(lambda said: said.take_string("where the numbers were published, in quotes")).text


def _numbers(head: Statement, names: Names, complaints: Complaints) -> Iterator[PublishedNumber]:
    """The numbers of a block, each once."""
    seen: set[PublishedNumber] = set()
    for statement in head.block.statements if head.block else ():
        if statement.block is not None:
            example, word = STUDY["published"].example, statement.word.at.text
            complaints.add(diagnostics.UnexpectedBlock(at=statement.block.at, word=word, example=example))
            continue
        for number in complaints.attempt(lambda statement=statement: _line(statement, names)) or ():  # type: ignore[misc]  # as above
            if (place := _place(number)) in seen:
                complaints.add(diagnostics.NamedTwiceInList(at=number.at, name=str(number)))
            else:
                seen.add(place)
                yield number


def _place(number: PublishedNumber) -> PublishedNumber:
    """What of a number must not be said twice: whose it is, and not what it is."""
    if isinstance(number, PublishedLevel):
        return evolve(number, level=Sparsity.percent(0))
    return evolve(number, points=Fraction(0), sd=None, below_dense=None)


def _line(statement: Statement, names: Names) -> list[PublishedNumber]:
    return Reader.of_sentence(statement, STUDY["published"]).read_whole(lambda phrase: _take_line(phrase, names))


def _take_line(phrase: Reader, names: Names) -> list[PublishedNumber]:
    """`imp at 70% on mnli 82.6 sd 0.2, qqp 0.25 below dense`, `imp matches dense on mnli up to 70%`."""
    patterns = Patterns(phrase, names)
    arm = patterns.take("arm", may_idle=True)
    is_level = phrase.takes("matches", "dense")
    _check_level(arm, patterns, is_level)
    phrase.take_words("on")
    numbers: list[PublishedNumber] = []
    while not numbers or phrase.takes_comma():
        start = phrase.here
        target = _take_target(phrase, names)
        numbers.append(_take_level(phrase, arm, target, start) if is_level else _take_score(phrase, arm, target, start))
    return numbers


def _check_level(arm: ArmPattern, patterns: Patterns, is_level: bool) -> None:
    """A masked arm has a score at each level, so the level must be said, and a dense one has none to be said."""
    baseline = patterns.names.baselines.get(arm.arm)
    is_masked = arm.arm in patterns.names.levels or (baseline is not None and baseline.mask != "none")
    if is_masked and arm.level is None and not is_level:
        raise patterns.phrase.misread("`at` and a sparsity such as `at 70%`")
    if arm.level is not None and is_level:
        raise patterns.phrase.misread("no level before `matches`")
    if baseline is not None and baseline.mask == "none" and arm.level is not None:
        at = patterns.places["arm at"]
        raise Misread(diagnostics.OneDenseLevel(at=at, arm=arm.arm, level=str(arm.level)))


def _take_target(phrase: Reader, names: Names) -> str:
    name = phrase.take_name("the name of a task")
    declaration = names.tasks.find(Name(name.text, name.at), names.module)
    if declaration.word != "task":
        phrase.index -= 1
        raise phrase.misread("the name of a single task")
    return declaration.name


def _take_score(phrase: Reader, arm: ArmPattern, target: str, start: Span) -> PublishedScore:
    number = phrase.take_number("a score in hundredths, such as `82.4`")
    if number.value > MOST_POINTS:
        raise phrase.out_of_range(number, "a published score", f"at most {MOST_POINTS}")
    below_dense: bool | None = None
    for word in ("below", "above"):
        if phrase.takes(word):
            phrase.take_words("dense")
            below_dense = word == "below"
    sd = phrase.take_number("a standard deviation").value if phrase.takes("sd") else None
    at = start.to(number.at)
    return PublishedScore(arm=arm, target=target, points=number.value, sd=sd, below_dense=below_dense, at=at)


def _take_level(phrase: Reader, arm: ArmPattern, target: str, start: Span) -> PublishedLevel:
    phrase.take_words("up", "to")
    level = phrase.take_percent("a sparsity such as `70%`")
    if level.value >= 1:
        raise phrase.out_of_range(level, "a sparsity", "below 100%")
    return PublishedLevel(arm=arm, target=target, level=Sparsity(level.value), at=start.to(level.at))
