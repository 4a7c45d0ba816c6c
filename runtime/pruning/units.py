"""Whole units of a network, attention heads and neurons: which rows and columns of which matrices are one unit's own.

A unit that is removed is silent: nothing leaves it, since its columns of the output are gone, whatever its biases are.
"""

from collections.abc import Iterable, Iterator, Mapping

import torch
from attrs import frozen
from torch import Tensor

from ..matrices import layers_of
from .mask import Mask

# Kind -> the matrices of a layer in which a unit has rows, and the one in which it has columns.
PARTS = {"heads": (("query", "key", "value"), "attended"), "neurons": (("inner",), "outer")}


@frozen(kw_only=True)
class Group:
    """The units of one kind in one layer."""

    kind: str  # "heads" or "neurons"
    name: str  # "encoder.layer.3 heads"
    count: int
    rows: tuple[str, ...]
    columns: str

    def blocks(self, matrices: Mapping[str, Tensor]) -> Iterator[Tensor]:
        """What each unit has of each of its matrices: (units, weights)."""
        for name in self.rows:
            yield matrices[name].reshape(self.count, -1)  # a unit's rows lie side by side
        yield self.outputs(matrices)

    def outputs(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """What each unit has of the matrix through which it is heard: (units, weights)."""
        matrix = matrices[self.columns]
        return matrix.reshape(matrix.shape[0], self.count, -1).transpose(0, 1).reshape(self.count, -1)

    def size(self, matrices: Mapping[str, Tensor]) -> int:
        """Weights of one unit."""
        return sum(block.shape[1] for block in self.blocks(matrices))

    def spread(self, kept: Tensor, matrices: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A bool a unit -> a mask of each of its matrices."""
        masks = {name: _along(0, kept, matrices[name].shape) for name in self.rows}
        return {**masks, self.columns: _along(1, kept, matrices[self.columns].shape)}


def groups_of(kind: str, matrices: Mapping[str, Tensor], heads: int) -> tuple[Group, ...]:
    """The units of a kind, layer by layer.

    Args:
        matrices: those of the network that hold such units.
        heads: attention heads in a layer.
    """
    rows, columns = PARTS[kind]
    return tuple(
        Group(
            kind=kind,
            name=f"{layer} {kind}",
            count=heads if kind == "heads" else matrices[its[rows[0]]].shape[0],
            rows=tuple(its[part] for part in rows),
            columns=its[columns],
        )
        for layer, its in layers_of(matrices).items()
    )


def units_of(mask: Mask, groups: Iterable[Group]) -> Mask:
    """Which units a mask of matrices keeps: those of which any weight is left."""
    return Mask(
        {group.name: torch.stack([block.any(1) for block in group.blocks(mask.kept)]).any(0) for group in groups}
    )


def spread(units: Mask, groups: Iterable[Group], matrices: Mapping[str, Tensor]) -> Mask:
    """A mask of units -> a mask of the matrices, in the order of the network."""
    spread_out = {
        name: bits for group in groups for name, bits in group.spread(units.kept[group.name], matrices).items()
    }
    return Mask({name: spread_out[name] for name in matrices if name in spread_out})


def _along(dimension: int, kept: Tensor, shape: torch.Size) -> Tensor:
    each = kept.repeat_interleave(shape[dimension] // len(kept))
    return (each[:, None] if dimension == 0 else each[None, :]).expand(shape).clone()
