"""How alike the tickets of different sources are: the overlap of what they keep, against what chance would give.

Overlap is the Jaccard index of the kept weights, |a and b| / |a or b| (Chen et al. 2020, appendix D). Independent masks
that keep shares p and q of n weights meet in npq of them. Since magnitude pruning thins the same matrices whatever the
task, chance is also given for masks that are independent within each matrix.
"""

from collections.abc import Mapping
from itertools import combinations

from attrs import evolve, frozen

from ticketlang.units import Sparsity

from ...statistics import average
from ..blocks import MISSING, Column, Entry, Section, Table
from ..drawings import Dot, Dots
from ..evidence import Evidence
from ..numbers import runs, score
from ..packed import Packed, count, read_packed
from ..plotted import band

TIMES = "\N{MULTIPLICATION SIGN}"


@frozen
class Overlap:
    """Of one pair of masks, each a fraction."""

    found: float
    chance: float  # of independent masks of the same sparsities
    chance_by_matrix: float  # of independent masks that keep the same share of each matrix


def section(evidence: Evidence) -> Section:
    """One table for each level at which there are tickets of several sources."""
    levels = sorted({level for _, level in evidence.masks})
    tables = [table for level in levels if (table := _table(evidence, level)) is not None]
    blocks = (*(evolve(table, is_detail=True) for table in tables[:-1]), *tables[-1:])
    return Section(title="Overlap of masks", blocks=blocks)


def _table(evidence: Evidence, level: Sparsity) -> Table | None:
    masks = {ticket: keys for (ticket, at), keys in evidence.masks.items() if at == level}
    needed = {key for by_seeds in masks.values() for key in by_seeds.values()}
    packed = {key: mask for key in sorted(needed) if (mask := read_packed(evidence, key)) is not None}
    rows, dots = [], []
    for (one, its), (other, theirs) in combinations(masks.items(), 2):
        pairs = dict.fromkeys((its[seeds], theirs[seeds]) for seeds in its if seeds in theirs)
        there = [(packed[a], packed[b]) for a, b in pairs if a in packed and b in packed]
        found = [overlap(a, b) for a, b in there if a.keys() == b.keys()]
        rows.append(_row(f"{one.label} and {other.label}", found, len(pairs)))
        dots.append(_dot(found))
    if not rows:
        return None
    return Table(
        title=f"kept by both of all that either keeps, at {level}",
        columns=(
            Column("tickets", is_number=False),
            Column("overlap"),
            Column("by chance"),
            Column("by chance in each matrix"),
            Column("over chance", is_extra=True),
            Column("runs"),
        ),
        rows=tuple(rows),
        notes=("in hundredths, mean ± standard deviation over runs of the same seeds",),
        drawing=Dots(name="overlap", dots=tuple(dots), other_name="by chance in each matrix"),
    )


def _dot(found: list[Overlap]) -> Dot | None:
    mean = average([each.found for each in found], len(found))
    chance = average([each.chance_by_matrix for each in found], len(found))
    if mean is None or chance is None:
        return None
    low, high = band(mean)
    return Dot(value=100 * mean.mean, low=low, high=high, other=100 * chance.mean)


def _row(name: str, found: list[Overlap], asked: int) -> tuple[Entry, ...]:
    overlaps = average([each.found for each in found], asked)
    chances = (
        average([each.chance for each in found], asked),
        average([each.chance_by_matrix for each in found], asked),
    )
    means = (score(each).partition(" ±")[0] for each in chances)
    times = overlaps.mean / chances[0].mean if overlaps and chances[0] and chances[0].mean else None
    over = MISSING if times is None else Entry(f"{times:.2f}{TIMES}")
    return (Entry(name), Entry(score(overlaps)), *map(Entry, means), over, Entry(runs(overlaps, asked)))


def overlap(one: Mapping[str, Packed], other: Mapping[str, Packed]) -> Overlap:
    """Compare two masks over the same matrices."""
    both = either = size = kept_one = kept_other = 0
    expected_both = expected_either = 0.0
    for name, mine in one.items():
        theirs = other[name]
        a, b = count(mine.bits), count(theirs.bits)
        common = count(mine.bits & theirs.bits)
        meeting = a * b / mine.size
        both, either = both + common, either + a + b - common
        expected_both, expected_either = expected_both + meeting, expected_either + a + b - meeting
        size, kept_one, kept_other = size + mine.size, kept_one + a, kept_other + b
    meeting = kept_one * kept_other / size if size else 0.0
    return Overlap(
        found=_ratio(both, either),
        chance=_ratio(meeting, kept_one + kept_other - meeting),
        chance_by_matrix=_ratio(expected_both, expected_either),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0  # two masks that keep nothing are alike
