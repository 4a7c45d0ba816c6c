"""Scores and a budget -> a mask, by what a pruning says of how the budget is shared and of how it is reached."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Literal, assert_never

import torch
from attrs import frozen
from torch import Tensor

from ticketlang.study import Pruning
from ticketlang.units import Sparsity
from ticketlang.vocabulary.scopes import is_of_units

from ..implementations import PruningMethod
from .erdos_renyi import removed_of_each
from .lazily import among, shapes_of
from .mask import Mask
from .material import Material
from .selection import remove_by_pattern, remove_lowest, remove_of_each
from .threshold import Scores
from .units import Group, groups_of, spread, units_of

Counts = dict[str, int]  # matrix -> how many of its weights


@frozen(eq=False)
class Ground:
    """What a pruning may touch: the matrices of its scope, and the units they are made of where these go whole."""

    matrices: Mapping[str, Tensor]  # in the order of the network
    units: Mapping[str, tuple[Group, ...]]  # by kind; empty where single weights go

    @classmethod
    def of(cls, scope: tuple[str, ...], matrices: Mapping[str, Tensor], heads: int) -> "Ground":
        kinds = scope if is_of_units(scope) else ()
        return cls(matrices, {kind: groups_of(kind, matrices, heads) for kind in kinds})

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group for groups in self.units.values() for group in groups)


def remove(method: PruningMethod, pruning: Pruning, sparsity: Sparsity, material: Material, ground: Ground,
           start: Mask | None) -> Mask:  # fmt: skip
    """Score and select, once, or as often as the method looks anew; what `start` removed stays removed."""
    if ground.units:
        return _remove_units(method, pruning, sparsity, material, ground, start)
    mask = start
    for level in approach(pruning, sparsity, start):
        scores = method.scores(material.under(mask))
        mask = select(pruning, level, among(ground.matrices, scores), mask)
    assert mask is not None, "there is a last sparsity"
    return mask


def _remove_units(method: PruningMethod, pruning: Pruning, sparsity: Sparsity, material: Material, ground: Ground,
                  start: Mask | None) -> Mask:  # fmt: skip
    """The same share of each kind of unit: a head has a hundred times the weights of a neuron, and another norm."""
    kept: dict[str, Tensor] = {}
    for groups in ground.units.values():
        scores = {group.name: method.unit_scores(material, group) for group in groups}
        kept |= select(pruning, sparsity, scores, units_of(start, groups) if start else None).kept
    return spread(Mask(kept), ground.groups, ground.matrices)


def select(pruning: Pruning, sparsity: Sparsity, scores: Scores, start: Mask | None = None) -> Mask:
    """Remove the lowest of all, of each matrix, or of every few neighbours; of weights, or of units."""
    if pruning.pattern is not None:
        return remove_by_pattern(scores, *pruning.pattern, start)
    shapes = shapes_of(scores)
    if pruning.allocation == "global":
        return remove_lowest(scores, sparsity.removed(sum(shape.numel() for shape in shapes.values())), start)
    return remove_of_each(scores, _counts(pruning.allocation, sparsity, shapes, _gone(start)), start)


def _counts(
    allocation: Literal["per layer", "erk"], sparsity: Sparsity, shapes: Mapping[str, torch.Size], gone: Counts
) -> Counts:
    """How many of each matrix go, those among them that are gone.

    On the way from one level to the next, what rounding took of a small matrix may be ahead of its share by one.
    """
    match allocation:
        case "per layer":
            counts = {name: sparsity.removed(shape.numel()) for name, shape in shapes.items()}
        case "erk":
            counts = removed_of_each(shapes, sparsity)
        case other:
            assert_never(other)
    return {name: max(count, gone.get(name, 0)) for name, count in counts.items()}


def _gone(start: Mask | None) -> Counts:
    return {} if start is None else {name: removed for name, (removed, _) in start.per_matrix().items()}


def declared_of_each(pruning: Pruning, sparsity: Sparsity, ground: Ground, start: Mask | None) -> Counts | None:
    """How many weights of each matrix are to be gone; None where one threshold decides it, or whole units go."""
    shapes = {name: matrix.shape for name, matrix in ground.matrices.items()}
    if pruning.pattern is not None:
        kept, of = pruning.pattern
        return {name: shape.numel() // of * (of - kept) for name, shape in shapes.items()}
    if ground.units or pruning.allocation == "global":
        return None
    gone = _gone(start)
    for level in approach(pruning, sparsity, start):
        gone = _counts(pruning.allocation, level, shapes, gone)
    return gone


def keeps_pattern(mask: Mask, kept: int, of: int) -> bool:
    """Whether so many of every few neighbours in a row are kept, everywhere."""
    return all(bool((bits.reshape(-1, of).sum(dim=1) == kept).all()) for bits in mask.kept.values())


def declared(pruning: Pruning, sparsity: Sparsity, ground: Ground) -> dict[str, int]:
    """How many are to be gone: of `weights`, and of each kind of unit."""
    if pruning.allocation == "erk":
        shapes = {name: matrix.shape for name, matrix in ground.matrices.items()}
        return {"weights": sum(removed_of_each(shapes, sparsity).values())}
    if not ground.units:
        return {"weights": _share(pruning, sparsity, [matrix.numel() for matrix in ground.matrices.values()])}
    units = {kind: _share(pruning, sparsity, [g.count for g in groups]) for kind, groups in ground.units.items()}
    weights = sum(removed * ground.units[kind][0].size(ground.matrices) for kind, removed in units.items())
    return {"weights": weights, **units}


def counted(mask: Mask, ground: Ground) -> dict[str, int]:
    """How many are gone: of `weights`, and of each kind of unit."""
    return {
        "weights": mask.removed,
        **{kind: units_of(mask, groups).removed for kind, groups in ground.units.items()},
    }


def _share(pruning: Pruning, sparsity: Sparsity, sizes: Iterable[int]) -> int:
    if pruning.allocation == "global":
        return sparsity.removed(sum(sizes))
    return sum(sparsity.removed(size) for size in sizes)


def approach(pruning: Pruning, sparsity: Sparsity, start: Mask | None) -> Iterator[Sparsity]:
    """The sparsities at which scores are taken anew, the last one being the sparsity itself.

    What is left falls by the same factor each time (Tanaka et al. 2020, algorithm 1).
    """
    iterations = pruning.iterations or 1
    before, after = 1 - (start.sparsity if start else Fraction(0)), 1 - sparsity.fraction
    for iteration in range(1, iterations if before else 1):
        yield Sparsity(1 - before * Fraction(float(after / before) ** (iteration / iterations)))
    yield sparsity
