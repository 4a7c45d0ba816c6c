"""Which weights survive: a boolean mask per weight matrix, True = kept."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import torch
from attrs import field, frozen
from torch import Tensor

from ..masks import has_collapsed, read_mask, write_mask
from .lazily import shapes_of


def _only_booleans(mask: "Mask", attribute: object, kept: Mapping[str, Tensor]) -> None:
    for name, bits in kept.items():
        if not isinstance(bits, Tensor) or bits.dtype != torch.bool:
            raise ValueError(f"the mask of `{name}` must be a tensor of True and False, True = kept")


@frozen(eq=False)
class Mask:
    """For each matrix, by name, a bool tensor of its shape."""

    kept: Mapping[str, Tensor] = field(validator=_only_booleans)

    @classmethod
    def of_all(cls, matrices: Mapping[str, Tensor]) -> "Mask":
        """The mask that keeps everything."""
        return cls({name: torch.ones(matrix.shape, dtype=torch.bool) for name, matrix in matrices.items()})

    @classmethod
    def read(cls, path: Path) -> "Mask":
        return cls({name: torch.from_numpy(bits) for name, bits in read_mask(path).items()})

    def write(self, path: Path) -> None:
        write_mask(path, {name: bits.cpu().numpy() for name, bits in self.kept.items()})

    @property
    def total(self) -> int:
        return sum(bits.numel() for bits in self.kept.values())

    @property
    def removed(self) -> int:
        return sum(removed for removed, _ in self.per_matrix().values())

    @property
    def left(self) -> int:
        return self.total - self.removed

    @property
    def sparsity(self) -> Fraction:
        """The share of the covered weights that is removed."""
        return Fraction(self.removed, self.total)

    def per_matrix(self) -> dict[str, tuple[int, int]]:
        """For each matrix, how many weights are removed, and how many there are."""
        return {name: (bits.numel() - int(bits.count_nonzero()), bits.numel()) for name, bits in self.kept.items()}

    def collapsed(self) -> tuple[str, ...]:
        """Matrices that keep next to nothing."""
        return tuple(name for name, counts in self.per_matrix().items() if has_collapsed(*counts))

    def is_inside(self, other: "Mask") -> bool:
        """Whether everything that this mask keeps is kept by the other."""
        if self.kept.keys() != other.kept.keys():
            return False
        return not any((bits & ~other.kept[name]).any() for name, bits in self.kept.items())

    def inverted(self) -> "Mask":
        """What this one removes."""
        return Mask({name: ~bits for name, bits in self.kept.items()})

    def union(self, other: "Mask") -> "Mask":
        """What either keeps, over the same matrices."""
        return Mask({name: bits | other.kept[name] for name, bits in self.kept.items()})

    def intersection(self, other: "Mask") -> "Mask":
        """What both keep, over the same matrices."""
        return Mask({name: bits & other.kept[name] for name, bits in self.kept.items()})

    def fits(self, matrices: Mapping[str, Tensor]) -> None:
        """Check that each matrix of the mask is there, in its shape.

        Raises:
            ValueError: naming the first that is not.
        """
        shapes = shapes_of(matrices)
        for name, bits in self.kept.items():
            if name not in shapes:
                raise ValueError(f"the mask covers `{name}`, and the network has no such matrix")
            if (shape := shapes[name]) != bits.shape:
                raise ValueError(f"the mask of `{name}` has shape {tuple(bits.shape)}, and the matrix {tuple(shape)}")

    def covers(self, names: Iterable[str]) -> bool:
        return self.kept.keys() == set(names)

    def apply_(self, weights: Mapping[str, Tensor]) -> None:
        """Set the removed weights to zero, in place.

        Raises:
            ValueError: if a matrix is missing or has another shape; nothing is changed then.
        """
        self.fits(weights)
        with torch.no_grad():
            for name, bits in self.kept.items():
                weights[name].masked_fill_(~bits.to(weights[name].device), 0.0)
