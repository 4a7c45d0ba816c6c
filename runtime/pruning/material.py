"""What a pruning method may score weights by."""

from collections.abc import Mapping

from attrs import Factory, evolve, frozen
from torch import Tensor

from .lazily import Lazily, entries, shapes_of
from .mask import Mask


@frozen(kw_only=True)
class Material:
    """Every matrix of the trunk that any scope names: methods may look beyond the scope that is pruned.

    Removed weights are zero in it.
    """

    weights: Mapping[str, Tensor]
    products: Mapping[str, Tensor] = Factory(dict)  # w * dL/dw of every weight, for methods that read it
    seed: int = 0  # of what is drawn

    def under(self, mask: Mask | None) -> "Material":
        """The same with what a mask removes set to zero."""
        return self if mask is None else evolve(self, weights=_under(mask, self.weights))


def _under(mask: Mask, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    def make(name: str, places: slice) -> Tensor:
        found = entries(tensors, name, places)
        return found.where(entries(mask.kept, name, places), 0.0) if name in mask.kept else found

    return Lazily(shapes_of(tensors), make)
