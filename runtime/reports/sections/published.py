"""What others found beside what was found here. Published numbers are shown, and no verdict or mean draws on them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from ticketlang.study import Published, PublishedScore

from ...results import Condition
from ...statistics import Average
from ..blocks import MISSING, Block, Column, Entry, Section, Table, Tone
from ..evidence import Evidence
from ..numbers import gap, points, runs, score


def section(evidence: Evidence) -> Section:
    """For each publication a table of scores, and one of gaps to dense."""
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
        if numbers:
            yield _table(evidence, f"{published.where}: {what}", numbers)


def _table(evidence: Evidence, title: str, numbers: Sequence[PublishedScore]) -> Table:
    pairs = [(number, condition) for number in numbers for condition in conditions_of(evidence, number)]
    elsewhere = len(numbers) - len({number for number, _ in pairs})
    decimals = max(_decimals(value) for number in numbers for value in (number.points, number.sd or Fraction(0)))
    notes = ["in hundredths; differ: here minus published"]
    if elsewhere:
        notes.append(f"{elsewhere} of {len(numbers)} published numbers are of cells that this study does not have")
    return Table(
        title=title,
        columns=(Column("cell", is_number=False), *map(Column, ("published", "here", "differ", "runs"))),
        rows=tuple(_row(evidence, number, condition, decimals) for number, condition in pairs),
        notes=(*notes, *evidence.footnotes(condition for _, condition in pairs)),
    )


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
    results, theirs = evidence.results, number.points if number.gap is None else number.gap
    ours = results.average(condition) if number.gap is None else results.gap(condition)
    shown = score(ours) if number.gap is None else gap(ours)
    tone: Tone = "faint" if ours is None else "plain"
    deviation = "" if number.sd is None else f" ± {points(float(number.sd), decimals)}"
    return (
        Entry(condition.name),
        Entry(points(float(theirs), decimals, is_signed=number.gap is not None) + deviation),
        Entry(shown, mark=evidence.marks((condition,)), tone=tone),
        Entry(_difference(ours, theirs, decimals), tone=tone),
        Entry(runs(ours, len(results.runs(condition))), tone=tone),
    )


def _difference(ours: Average | None, theirs: Fraction, decimals: int) -> str:
    """As exact as the published number, and no more so."""
    return MISSING.text if ours is None else points(100 * ours.mean - float(theirs), decimals, is_signed=True)


def _decimals(value: Fraction) -> int:
    """How many digits after the point it was written with, trailing zeros aside: 82.4 has one."""
    exponent = (Decimal(value.numerator) / Decimal(value.denominator)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
