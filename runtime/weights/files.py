"""Weights in files: safetensors, the same weights giving the same bytes."""

from collections.abc import Collection
from pathlib import Path

from safetensors import safe_open
from torch import nn

from .. import tensors
from ..models.checkpoint import State

WEIGHTS_FILE = "weights.safetensors"  # of a trunk
HEAD_FILE = "head.safetensors"
MOVEMENT_FILE = "movement.safetensors"  # of the matrices of a trunk


def state_of(module: nn.Module) -> State:
    """A copy of a module's parameters: `state_dict()` shares them, and would go on changing in training."""
    return {name: parameter.detach().to("cpu", copy=True) for name, parameter in module.named_parameters()}


def write_state(path: Path, state: State) -> None:
    tensors.write_tensors(path, {name: tensor.numpy() for name, tensor in state.items()})


def read_state(path: Path, names: Collection[str] | None = None) -> State:
    """Read the named tensors, or all of them."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in (file.keys() if names is None else names)}


def digest_of(state: State) -> str:
    """One digest for all bits of all tensors, whatever their order."""
    return tensors.digest_of((name, state[name].numpy()) for name in sorted(state))
