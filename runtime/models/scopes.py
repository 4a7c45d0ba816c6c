"""Which weights a scope names: matrices of linear layers, never embeddings, biases, norms or heads."""

from collections.abc import Iterable

from torch import Tensor, nn

from ..failures import JobFailed

# Scope -> where in the trunk its matrices are (paper, section 3; the released code names the same 73 matrices of
# bert-base-uncased for "encoder + pooler").
PREFIXES = {"encoder": "encoder.", "pooler": "pooler."}


def all_prunable(trunk: nn.Module) -> dict[str, Tensor]:
    """The matrices that any scope names, in the order of the network."""
    return {name: weight for name, weight in _linear(trunk).items() if name.startswith(tuple(PREFIXES.values()))}


def prunable(trunk: nn.Module, scope: Iterable[str]) -> dict[str, Tensor]:
    """The matrices of a scope, in the order of the network, whatever the order of the scope's parts.

    Raises:
        JobFailed: if the trunk has nothing of a part.
    """
    wanted = tuple(scope)
    linear = _linear(trunk)
    for part in wanted:
        if not any(name.startswith(PREFIXES[part]) for name in linear):
            raise JobFailed(f"this model has no {part} that could be pruned; leave `{part}` out of the scope")
    prefixes = tuple(PREFIXES[part] for part in wanted)
    return {name: weight for name, weight in linear.items() if name.startswith(prefixes)}


def _linear(trunk: nn.Module) -> dict[str, Tensor]:
    return {f"{name}.weight": module.weight for name, module in trunk.named_modules() if isinstance(module, nn.Linear)}
