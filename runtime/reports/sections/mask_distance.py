"""How far masks are apart: each from the one of the level before, and those of different runs from each other.

Distance is the share of weights that one mask keeps and the other does not, the normalized Hamming distance of You et
al. 2020, who stop looking for a mask once it changes by less than a tenth. Masks of a path nest, so that from level to
level just what a round removes is changed; whether a mask is a property of its task shows in the distance between runs.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from ticketlang.jobs import JobKey
from ticketlang.units import Sparsity

from ...statistics import average
from ..blocks import Block, Column, Entry, Section, Table
from ..evidence import Evidence
from ..numbers import runs, score
from ..packed import Packed, count, read_packed

Masks = Sequence[Mapping[str, Packed]]


def section(evidence: Evidence) -> Section:
    """One table for each ticket whose masks are there."""
    tickets: dict[str, dict[Sparsity, tuple[JobKey, ...]]] = {}  # one-shot tickets of a block share their label
    for (ticket, level), masks in evidence.masks.items():
        tickets.setdefault(ticket.label, {})[level] = tuple(masks.values())
    blocks: list[Block] = [_table(evidence, label, dict(sorted(levels.items()))) for label, levels in tickets.items()]
    return Section(title="Distance of masks", blocks=tuple(blocks))


def _table(evidence: Evidence, label: str, levels: Mapping[Sparsity, tuple[JobKey, ...]]) -> Table:
    rows, before = [], None
    for level, keys in levels.items():
        masks = {key: mask for key in dict.fromkeys(keys) if (mask := read_packed(evidence, key)) is not None}
        by_run = [masks.get(key) for key in keys]
        rows.append(_row(level, by_run, before, tuple(masks.values())))
        before = by_run
    return Table(
        title=f"{label}: share of weights that one mask keeps and the other does not",
        columns=tuple(map(Column, ("level", "from the level before", "between runs", "by chance", "runs"))),
        rows=tuple(rows),
        notes=("in hundredths, mean ± standard deviation over runs, and over pairs of runs with masks of their own",),
    )


def _row(
    level: Sparsity,
    by_run: Sequence[Mapping[str, Packed] | None],
    before: Sequence[Mapping[str, Packed] | None] | None,
    different: Masks,
) -> tuple[Entry, ...]:
    earlier = before or [None] * len(by_run)
    steps = [
        distance(mask, last)
        for mask, last in zip(by_run, earlier, strict=True)
        if mask is not None and (last is not None or before is None)
    ]
    pairs = list(combinations(different, 2))
    apart = average([distance(one, other) for one, other in pairs], len(pairs))
    chance = average([distance_by_chance(one, other) for one, other in pairs], len(pairs))
    there = average([0.0 for mask in by_run if mask is not None], len(by_run))
    return (
        Entry(str(level)),
        Entry(score(average(steps, len(by_run)))),
        Entry(score(apart) if pairs else ""),
        Entry(score(chance).partition(" ±")[0] if pairs else ""),
        Entry(runs(there, len(by_run))),
    )


def distance(one: Mapping[str, Packed], other: Mapping[str, Packed] | None) -> float:
    """The share of weights on which two masks differ; None stands for the mask that keeps everything.

    Matrices that one of the two does not have are left out.
    """
    if other is None:
        size, kept = _sizes(one)
        return (size - kept) / size if size else 0.0
    shared = one.keys() & other.keys()
    size = sum(one[name].size for name in shared)
    return sum(count(one[name].bits ^ other[name].bits) for name in shared) / size if size else 0.0


def distance_by_chance(one: Mapping[str, Packed], other: Mapping[str, Packed]) -> float:
    """Of independent masks that keep shares p and q: p (1 - q) + q (1 - p)."""
    p, q = (kept / size if size else 0.0 for size, kept in (_sizes(one), _sizes(other)))
    return p * (1 - q) + q * (1 - p)


def _sizes(mask: Mapping[str, Packed]) -> tuple[int, int]:
    return sum(each.size for each in mask.values()), sum(count(each.bits) for each in mask.values())
