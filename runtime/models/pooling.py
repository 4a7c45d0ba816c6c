"""What a trunk makes of the last states of first tokens, by the parts that its family has for it."""

from torch import Tensor, nn

from ..families import FAMILIES

# Shapes: R inputs, H hidden


def has_pooler(trunk: nn.Module) -> bool:
    """Whether this trunk has one: families do, or do not, and checkpoints of those that do may lack it."""
    return getattr(trunk, "pooler", None) is not None


def pool(trunk: nn.Module, states: Tensor) -> Tensor:
    """(R, H) -> (R, H)."""
    pooler = FAMILIES[trunk.config.model_type].pooler  # type: ignore[union-attr, index]  # torch knows modules alone
    assert pooler is not None, "the trunk has one"
    dense, activation = trunk.get_submodule(pooler.dense), trunk.get_submodule(pooler.activation)
    return activation(dense(states))  # type: ignore[no-any-return]  # modules are callables of Any
