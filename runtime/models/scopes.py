"""Which weights a scope names: matrices of linear layers, never embeddings, biases, norms or task heads."""

import re
from collections.abc import Iterable

from torch import Tensor, nn

from ..failures import JobFailed

# Scope -> its matrices in the trunk (paper, section 3; the released code names the same 73 matrices of
# bert-base-uncased for "encoder + pooler").
MATRICES = {
    "encoder": re.compile(r"encoder\."),
    "pooler": re.compile(r"pooler\."),
    "heads": re.compile(r"encoder\..*\.attention\."),
    "neurons": re.compile(r"encoder\..*\d\.(intermediate|output)\."),
}


def all_prunable(trunk: nn.Module) -> dict[str, Tensor]:
    """The matrices that any scope names, in the order of the network."""
    return _named(trunk, MATRICES)


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
    linear = {
        f"{name}.weight": module.weight for name, module in trunk.named_modules() if isinstance(module, nn.Linear)
    }
    return {name: weight for name, weight in linear.items() if any(MATRICES[part].match(name) for part in parts)}
