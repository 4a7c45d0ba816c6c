"""How far masks are apart: each from the one of the round before, and those of different runs from each other.

Distance is the share of weights that one mask keeps and the other does not, the normalized Hamming distance of You et
al. 2020, who stop looking for a mask once it changes by less than a tenth. Masks of a path nest, so that from level to
level just what a round removes is changed; whether a mask is a property of its task shows in the distance between runs.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from ticketlang.jobs import JobKey, Prune
from ticketlang.units import Sparsity

from ...statistics import average
from ..blocks import Block, Column, Entry, Section, Table
from ..evidence import Evidence
from ..numbers import runs, score
from ..packed import Packed, count, read_packed


def section(evidence: Evidence) -> Section:
    """One table for each ticket whose masks are there."""
    tickets: dict[str, dict[Sparsity, tuple[JobKey, ...]]] = {}  # one-shot tickets of a block share their label
    for (ticket, level), masks in evidence.masks.items():
        tickets.setdefault(ticket.label, {})[level] = tuple(masks.values())
    blocks: list[Block] = [_table(evidence, label, dict(sorted(levels.items()))) for label, levels in tickets.items()]
    return Section(title="Distance of masks", blocks=tuple(blocks))


def _table(evidence: Evidence, label: str, levels: Mapping[Sparsity, tuple[JobKey, ...]]) -> Table:
    return Table(
        title=f"{label}: share of weights that one mask keeps and the other does not",
        columns=tuple(map(Column, ("level", "from the round before", "between runs", "by chance", "runs"))),
        rows=tuple(_row(evidence, level, keys) for level, keys in levels.items()),
        notes=("in hundredths, mean ± standard deviation over runs, and over pairs of runs with masks of their own",),
    )


def _row(evidence: Evidence, level: Sparsity, keys: Sequence[JobKey]) -> tuple[Entry, ...]:
    masks = {key: mask for key in dict.fromkeys(keys) if (mask := read_packed(evidence, key)) is not None}
    changes = {key: _change(evidence, key, mask) for key, mask in masks.items()}
    steps = [change for key in keys if (change := changes.get(key)) is not None]
    pairs = list(combinations(masks.values(), 2))
    apart = average([distance(one, other) for one, other in pairs], len(pairs))
    chance = average([distance_by_chance(one, other) for one, other in pairs], len(pairs))
    there = average([0.0 for key in keys if key in masks], len(keys))
    return (
        Entry(str(level)),
        Entry(score(average(steps, len(keys)))),
        Entry(score(apart) if pairs else ""),
        Entry(score(chance).partition(" ±")[0] if pairs else ""),
        Entry(runs(there, len(keys))),
    )


def _change(evidence: Evidence, key: JobKey, mask: Mapping[str, Packed]) -> float | None:
    """From the mask that this one was pruned from, whether its level is in the table or not; None: it is not there."""
    planned = evidence.plan.jobs.get(key)
    start = planned.job.start if planned is not None and isinstance(planned.job, Prune) else None
    if start is None:
        return distance(mask, None)
    before = read_packed(evidence, start)
    return None if before is None else distance(mask, before)


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
