"""The tensors of a checkpoint, read as they lie in its files.

Read by us, not by `from_pretrained`: that one draws whatever is missing at random and goes on, and a study would then
compare tickets of a network that nobody pre-trained.
"""

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from ..failures import JobFailed
from ..pickles import BadPickle, read_pickled
from .description import PICKLED, checkpoint_names, today, weight_files

State = dict[str, Tensor]


def trunk_names(folder: Path, prefix: str) -> frozenset[str]:
    """What the checkpoint has, by the names that the trunk itself gives it; heads and all else included."""
    return frozenset(_plain(name, prefix) for name in checkpoint_names(folder) or _read(folder))


def read_trunk(folder: Path, prefix: str, names: tuple[str, ...]) -> State:
    """The named parameters of the trunk, as fresh fp32 tensors, in the order of `names`.

    Args:
        prefix: what checkpoints with a head put before the trunk's names, such as `bert`.

    Raises:
        JobFailed: if the checkpoint lacks one of them.
    """
    found = {_plain(name, prefix): tensor for name, tensor in _read(folder).items()}
    if missing := [name for name in names if name not in found]:
        shown = ", ".join(f"`{name}`" for name in missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise JobFailed(f"the weights in {folder} lack {len(missing)} of {len(names)} parameters: {shown}")
    return {name: found[name].to(torch.float32, copy=True) for name in names}


def read_named(folder: Path, names: Collection[str]) -> State:
    """Those of the named parameters that the checkpoint has, by the names they have today, as fresh fp32 tensors."""
    found = {today(name): tensor for name, tensor in _read(folder).items()}
    return {name: found[name].to(torch.float32, copy=True) for name in names if name in found}


def _read(folder: Path) -> State:
    files = weight_files(folder)
    if not files:
        try:
            return read_pickled(folder / PICKLED, mapped=True)
        except BadPickle as problem:
            raise JobFailed(f"{folder / PICKLED} {problem}") from None
    tensors: State = {}
    for file_name, names in files.items():
        with safe_open(folder / file_name, framework="pt") as file:
            tensors.update((name, file.get_tensor(name)) for name in names)
    return tensors


def _plain(name: str, prefix: str) -> str:
    return today(name.removeprefix(f"{prefix}."))
