"""Which weights a scope names: matrices of linear layers, never embeddings, biases, norms or task heads."""

from collections.abc import Iterable

from torch import Tensor, nn

from ..failures import JobFailed
from ..matrices import SCOPES, is_of


def all_prunable(trunk: nn.Module) -> dict[str, Tensor]:
    """The matrices that any scope names, in the order of the network."""
    return _named(trunk, SCOPES)


def prunable(trunk: nn.Module, scope: Iterable[str]) -> dict[str, Tensor]:
    """The matrices of a scope, in the order of the network, whatever the order of the scope's parts.

    Raises:
        JobFailed: if the trunk has nothing of a part.
    """
    wanted = tuple(scope)
    for part in wanted:
        if not _named(trunk, (part,)):
            raise JobFailed(f"this model has no {part} that could be pruned; leave `{part}` out of the scope")
    return _named(trunk, wanted)


def _named(trunk: nn.Module, parts: Iterable[str]) -> dict[str, Tensor]:
    wanted = tuple(parts)
    return {name: weight for name, weight in trunk.named_parameters() if is_of(name, wanted)}
