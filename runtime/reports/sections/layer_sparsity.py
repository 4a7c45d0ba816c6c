"""Where in the network the weights were removed: by kind of matrix, and by layer, mean over seeds."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from ticketlang.jobs import JobKey
from ticketlang.study import Ticket
from ticketlang.units import Sparsity

from ...masks import has_collapsed
from ...matrices import place_of
from ..blocks import Block, Column, Entry, Section, Table
from ..drawings import Shares
from ..evidence import COLLAPSED, Evidence
from ..numbers import share

KINDS = {"attended": "attention output", "inner": "intermediate", "outer": "output"}  # others as they are called

Counts = tuple[int, int]  # removed, in all
_Row = tuple[str, Sequence[Counts | None]]  # what it is called, and what stands in it


def section(evidence: Evidence) -> Section:
    """For each ticket the share of every kind at every level, and the single matrices at the highest level."""
    tickets: dict[Ticket, dict[Sparsity, tuple[JobKey, ...]]] = {}
    for (ticket, level), masks in evidence.masks.items():
        tickets.setdefault(ticket, {})[level] = tuple(dict.fromkeys(masks.values()))
    blocks: list[Block] = []
    for ticket, masks_at in tickets.items():
        found = {level: _counts(evidence, masks) for level, masks in sorted(masks_at.items())}
        present = {level: matrices for level, matrices in found.items() if matrices}
        if present:
            blocks.append(_by_kind(ticket, present))
            blocks.append(evolve(_by_layer(ticket, *max(present.items())), is_detail=len(tickets) > 1))
    return Section(title="Sparsity by layer", blocks=tuple(blocks))


def _counts(evidence: Evidence, masks: Iterable[JobKey]) -> Mapping[str, Counts]:
    """Weights removed and in all, by matrix, the masks of all seeds together."""
    counts: dict[str, Counts] = {}
    for key in masks:
        artifact = evidence.artifact(key)
        for name, (removed, total) in (artifact.result["matrices"] if artifact else {}).items():
            before = counts.get(name, (0, 0))
            counts[name] = before[0] + removed, before[1] + total
    return counts


def _by_kind(ticket: Ticket, found: Mapping[Sparsity, Mapping[str, Counts]]) -> Table:
    kinds = dict.fromkeys(_kind(name) for matrices in found.values() for name in matrices)
    rows: list[_Row] = [
        (kind, [_sum(c for n, c in matrices.items() if _kind(n) == kind) for matrices in found.values()])
        for kind in kinds
    ]
    whole = ("all", [_sum(matrices.values()) for matrices in found.values()])
    return _table(
        f"{ticket.label}: share removed, by kind of matrix",
        (Column("matrix", is_number=False), *(Column(str(level)) for level in found)),
        [*rows, whole],
    )


def _by_layer(ticket: Ticket, level: Sparsity, matrices: Mapping[str, Counts]) -> Table:
    layers = sorted({_layer(name) for name in matrices}, key=lambda layer: (not layer, _numbers(layer)))
    kinds = dict.fromkeys(_kind(name) for name in matrices if _layer(name))
    by_place = {(_layer(name), _kind(name)): counts for name, counts in matrices.items()}
    rows: list[_Row] = [
        (
            layer or "other",
            [
                *(by_place.get((layer, kind)) for kind in kinds),
                _sum(counts for name, counts in matrices.items() if _layer(name) == layer),
            ],
        )
        for layer in layers
    ]
    return _table(
        f"{ticket.label}@{level}: share removed, by layer and kind",
        (Column("layer"), *(Column(kind) for kind in kinds), Column("all")),
        rows,
    )


def _table(title: str, columns: tuple[Column, ...], rows: Sequence[_Row]) -> Table:
    entries = tuple((Entry(name), *map(_entry, found)) for name, found in rows)
    shares = tuple((None, *(each[0] / each[1] if each and each[1] else None for each in found)) for _, found in rows)
    return Table(title=title, columns=columns, rows=entries, notes=_notes(entries), drawing=Shares(places=shares))


def _layer(name: str) -> str:
    """The number in `encoder.layer.3.attention.self.query.weight`; empty where a matrix is in no layer.

    Of layers that are shared `0.1`: of the group, and in it.
    """
    place = place_of(name)
    return ".".join(map(str, place.numbers)) if place is not None else ""


def _numbers(layer: str) -> tuple[int, ...]:
    return tuple(map(int, layer.split("."))) if layer else ()


def _kind(name: str) -> str:
    """What the same matrices of all layers and families are called."""
    place = place_of(name)
    return KINDS.get(place.part, place.part) if place is not None else name


def _sum(counts: Iterable[Counts]) -> Counts:
    removed, total = 0, 0
    for each in counts:
        removed, total = removed + each[0], total + each[1]
    return removed, total


def _entry(counts: Counts | None) -> Entry:
    if counts is None:
        return Entry("")  # there is no such matrix
    if has_collapsed(*counts):
        return Entry(share(*counts), mark=COLLAPSED, tone="bad")
    return Entry(share(*counts))


def _notes(rows: Iterable[tuple[Entry, ...]]) -> tuple[str, ...]:
    is_marked = any(entry.mark for row in rows for entry in row)
    return (f"{COLLAPSED} less than one weight in a hundred is left",) if is_marked else ()
