"""How many weights a mask is to remove, and from which matrices they are chosen together, by its settings alone."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from math import prod

import numpy as np
from attrs import frozen

from ticketlang.jobs import JobKey

from ..masks import BoolArray
from ..store import JSON, Artifact
from .shelf import Shelf, Unknowable, setting
from .units import Units, count_of, units_in

Shapes = Mapping[str, tuple[int, ...]]

WHOLE_UNITS = ("heads", "neurons")


@frozen
class Part:
    """What is chosen from together, and how many of it go."""

    names: tuple[str, ...]
    count: int


def shapes_of(kept: Mapping[str, BoolArray]) -> Shapes:
    return {name: bits.shape for name, bits in kept.items()}


def pruning_of(artifact: Artifact) -> Mapping[str, JSON]:
    """What the settings say of how a mask was pruned, in one training or between two; empty where it was not."""
    return setting(artifact, "pruning") or setting(artifact, "gradually", "pruning") or {}


def pattern_of(artifact: Artifact) -> tuple[int, int] | None:
    """How many of every few neighbours a mask keeps; None where it goes by no pattern."""
    said = pruning_of(artifact).get("pattern") or setting(artifact, "pattern")
    return None if not said else (int(said[0]), int(said[1]))


def scope_of(artifact: Artifact) -> tuple[str, ...]:
    return tuple(setting(artifact, "scope") or pruning_of(artifact).get("scope") or ())


def share_of(artifact: Artifact) -> Fraction:
    return Fraction(setting(artifact, "sparsity") or setting(artifact, "gradually", "sparsity"))


def kinds_of(artifact: Artifact) -> tuple[str, ...]:
    """The kinds of whole units that a mask removes; none where single weights go."""
    scope = scope_of(artifact)
    return scope if set(scope) & set(WHOLE_UNITS) else ()


def parts_of(artifact: Artifact, shelf: Shelf, shapes: Shapes, share: Fraction | None = None) -> Iterator[Part]:
    """The parts of a mask of single weights.

    Args:
        share: that is removed; None: the declared one.
    """
    if (like := setting(artifact, "like")) is not None:
        removed = {name: int(np.count_nonzero(~bits)) for name, bits in shelf.mask(JobKey(like)).items()}
        return (Part((name,), removed[name]) for name in shapes)
    return _parts(_allocation(artifact), share_of(artifact) if share is None else share, shapes)


def unit_parts_of(
    artifact: Artifact, shelf: Shelf, units: tuple[Units, ...], counts: Mapping[str, int]
) -> Iterator[Part]:
    """The parts of a mask of units, kind by kind: a head has a hundred times the weights of a neuron."""
    if (like := setting(artifact, "like")) is not None:
        theirs = shelf.mask(JobKey(like))
        for each in units:
            kept = each.kept(theirs, counts[each.name])
            yield Part((each.name,), kept.size - int(np.count_nonzero(kept)))
        return
    for kind in dict.fromkeys(each.kind for each in units):
        sizes = {each.name: (counts[each.name],) for each in units if each.kind == kind}
        yield from _parts(_allocation(artifact), share_of(artifact), sizes)


def declared(artifact: Artifact, shelf: Shelf, shapes: Shapes) -> int | None:
    """How many weights a mask is to remove; None where no number is declared."""
    if setting(artifact, "kind") in {"combine-masks", "given-mask"}:
        return None
    if kinds := kinds_of(artifact):
        units = {each.name: each for each in units_in(shapes, kinds)}
        counts = {name: count_of(each, shapes, lambda: shelf.heads(setting(artifact, "model")))
                  for name, each in units.items()}  # fmt: skip
        size = {name: sum(prod(shapes[m]) for m in (*each.rows, each.columns)) // counts[name]
                for name, each in units.items()}  # fmt: skip
        parts = unit_parts_of(artifact, shelf, tuple(units.values()), counts)
        return sum(part.count * size[part.names[0]] for part in parts)
    if pattern := pattern_of(artifact):
        kept, of = pattern
        return sum(prod(shape) * (of - kept) // of for shape in shapes.values())
    return sum(part.count for part in parts_of(artifact, shelf, shapes))


def _allocation(artifact: Artifact) -> str:
    return str(pruning_of(artifact).get("allocation", "global"))


def _parts(allocation: str, share: Fraction, shapes: Shapes) -> Iterator[Part]:
    sizes = {name: prod(shape) for name, shape in shapes.items()}
    match allocation:
        case "global":
            yield Part(tuple(sizes), round(share * sum(sizes.values())))
        case "per layer":
            yield from (Part((name,), round(share * size)) for name, size in sizes.items())
        case "erk":
            yield from (Part((name,), count) for name, count in by_erdos_renyi(shapes, share).items())
        case other:
            raise Unknowable(f"weights are shared out {other}")


def by_erdos_renyi(shapes: Shapes, share: Fraction) -> dict[str, int]:
    """How many weights of each matrix go where each keeps e (rows + columns), and never more than it has.

    The matrices that would keep more than they have are those with the fewest weights for their sides; so e is found by
    going through them in that order, until one of them has enough.
    """
    order = sorted(shapes, key=lambda name: Fraction(prod(shapes[name]), sum(shapes[name])))
    budget = (1 - share) * sum(map(prod, shapes.values()))
    whole = [0, *accumulate(prod(shapes[name]) for name in order)]  # weights of the first k, all of them kept
    sides = [0, *accumulate(sum(shapes[name]) for name in order)]
    for first, name in enumerate(order):
        each = (budget - whole[first]) / (sides[-1] - sides[first])
        if each * sum(shapes[name]) <= prod(shapes[name]):
            saved = set(order[:first])
            return {
                name: 0 if name in saved else prod(shape) - round(each * sum(shape)) for name, shape in shapes.items()
            }
    return dict.fromkeys(shapes, 0)
