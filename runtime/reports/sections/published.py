"""What others found beside what was found here. Published numbers are shown, and no verdict or mean draws on them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import evolve

from ticketlang.study import Published, PublishedScore

from ...points import points
from ...results import Condition
from ...statistics import Average
from ..blocks import MISSING, Block, Column, Entry, Section, Table, Tone
from ..evidence import Evidence
from ..numbers import gap, runs, score


def section(evidence: Evidence) -> Section:
    """For each publication a table of scores, and one of gaps to dense; what is a matrix there is one here."""
    return Section(
        title="Beside published numbers",
        blocks=tuple(block for published in evidence.study.published for block in _blocks(evidence, published)),
    )


def _blocks(evidence: Evidence, published: Published) -> Iterator[Block]:
    scores = [number for number in published.numbers if isinstance(number, PublishedScore)]
    for what, numbers in (
        ("score", [number for number in scores if number.gap is None]),
        ("gap to dense", [number for number in scores if number.gap is not None]),
    ):
        matrices = _matrices(numbers)
        single = [number for number in numbers if not any(number in its for its in matrices.values())]
        if single:
            yield _table(evidence, f"{published.where}: {what}", single)
        for arm, its in matrices.items():
            yield _matrix(evidence, f"{published.where}: {what} of {arm}", its)


def _matrices(numbers: Sequence[PublishedScore]) -> dict[str, list[PublishedScore]]:
    """Numbers of one arm at one level for several sources and several targets, by what they are called."""
    found: dict[str, list[PublishedScore]] = {}
    for number in numbers:
        if number.arm.source not in {None, "target"}:
            found.setdefault(str(evolve(number.arm, source=None)), []).append(number)
    return {
        arm: its
        for arm, its in found.items()
        if len({number.arm.source for number in its}) > 1 and len({number.target for number in its}) > 1
    }


def _matrix(evidence: Evidence, title: str, numbers: Sequence[PublishedScore]) -> Table:
    """Sources in rows, targets in columns: what was found here, and in brackets what was published."""
    targets = dict.fromkeys(number.target for number in numbers)
    by_place = {(number.arm.source, number.target): number for number in numbers}
    decimals = _decimals(numbers)
    found = {number: conditions_of(evidence, number) for number in numbers}
    rows = [
        (
            Entry(source or ""),
            *(_beside(evidence, by_place.get((source, target)), found, decimals) for target in targets),
        )
        for source in dict.fromkeys(number.arm.source for number in numbers)
    ]
    return Table(
        title=f"{title}, source to target",
        columns=(Column("source", is_number=False), *map(Column, targets)),
        rows=tuple(rows),
        notes=(
            "found here (published), in hundredths, mean over runs",
            *_notes(evidence, numbers, [condition for its in found.values() for condition in its]),
        ),
    )


def _beside(
    evidence: Evidence,
    number: PublishedScore | None,
    found: Mapping[PublishedScore, tuple[Condition, ...]],
    decimals: int,
) -> Entry:
    if number is None:
        return Entry("")
    conditions = found[number]
    ours = [average for condition in conditions if (average := _ours(evidence, number, condition)) is not None]
    here = ", ".join(_here(number, average, decimals) for average in ours) or MISSING.text
    return Entry(
        f"{here} ({_there(number, decimals)})", mark=evidence.marks(conditions), tone="plain" if ours else "faint"
    )


def _ours(evidence: Evidence, number: PublishedScore, condition: Condition) -> Average | None:
    return evidence.results.average(condition) if number.gap is None else evidence.results.gap(condition)


def _here(number: PublishedScore, average: Average, decimals: int) -> str:
    return points(100 * average.mean, max(decimals, 2), is_signed=number.gap is not None)


def _there(number: PublishedScore, decimals: int) -> str:
    value = number.points if number.gap is None else number.gap
    return points(float(value), decimals, is_signed=number.gap is not None)


def _table(evidence: Evidence, title: str, numbers: Sequence[PublishedScore]) -> Table:
    pairs = [(number, condition) for number in numbers for condition in conditions_of(evidence, number)]
    decimals = _decimals(numbers)
    return Table(
        title=title,
        columns=(Column("cell", is_number=False), *map(Column, ("published", "here", "differ", "runs"))),
        rows=tuple(_row(evidence, number, condition, decimals) for number, condition in pairs),
        notes=(
            "in hundredths; differ: here minus published",
            *_notes(evidence, numbers, [condition for _, condition in pairs]),
        ),
    )


def _notes(evidence: Evidence, numbers: Sequence[PublishedScore], conditions: Sequence[Condition]) -> Iterator[str]:
    elsewhere = sum(not conditions_of(evidence, number) for number in numbers)
    if elsewhere:
        yield f"{elsewhere} of {len(numbers)} published numbers are of cells that this study does not have"
    yield from evidence.footnotes(conditions)


def conditions_of(evidence: Evidence, number: PublishedScore) -> tuple[Condition, ...]:
    """What of the study a published score stands beside; several where a ticket has variants."""
    arm = number.arm

    def is_meant(condition: Condition) -> bool:
        if (condition.arm, condition.target, condition.level) != (arm.arm, number.target, arm.level):
            return False
        if condition.ticket is None:
            return True  # an arm that all tickets share
        own = arm.source in {None, "target"}
        return condition.ticket.source == (number.target,) if own else condition.source == arm.source

    return tuple(condition for condition in evidence.results.conditions if is_meant(condition))


def _row(evidence: Evidence, number: PublishedScore, condition: Condition, decimals: int) -> tuple[Entry, ...]:
    ours = _ours(evidence, number, condition)
    tone: Tone = "faint" if ours is None else "plain"
    deviation = "" if number.sd is None else f" ± {points(float(number.sd), decimals)}"
    return (
        Entry(condition.name),
        Entry(_there(number, decimals) + deviation),
        Entry(score(ours) if number.gap is None else gap(ours), mark=evidence.marks((condition,)), tone=tone),
        Entry(_difference(number, ours, decimals), tone=tone),
        Entry(runs(ours, len(evidence.results.runs(condition))), tone=tone),
    )


def _difference(number: PublishedScore, ours: Average | None, decimals: int) -> str:
    """As exact as the published number, and no more so."""
    theirs = number.points if number.gap is None else number.gap
    return MISSING.text if ours is None else points(100 * ours.mean - float(theirs), decimals, is_signed=True)


def _decimals(numbers: Sequence[PublishedScore]) -> int:
    """How many digits after the point they were written with: those of the most exact one."""
    return max(map(_digits, (value for number in numbers for value in (number.points, number.sd or Fraction(0)))))


def _digits(value: Fraction) -> int:
    """Trailing zeros aside: 82.4 has one."""
    exponent = (Decimal(value.numerator) / Decimal(value.denominator)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
