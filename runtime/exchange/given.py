"""Masks that others made, as they come: our files, tensors of zeros and ones, and the files of BERT-Tickets.

The released BERT-Tickets code saves a dict of float32 tensors called `bert.encoder.layer.0....weight_mask`, 73 of them
with the pooler (paper, section 3.6). Names are read without what stands before the trunk and without `_mask`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from attrs import frozen
from safetensors import SafetensorError, safe_open

from ..failures import ExchangeError
from ..masks import SHAPES, TICKET, BadMaskFile, BoolArray, has_collapsed, read_mask, write_mask

PICKLES = {".pt", ".pth", ".bin"}
NAME = re.compile(r"^(?:.*?\.)?(?P<name>(?:encoder\.layer\.\d+\..+|pooler\.dense)\.weight)(?:_mask)?$")


@frozen(eq=False)
class Given:
    """A mask out of a file, by the names that the trunk gives its matrices."""

    kept: Mapping[str, BoolArray]

    @property
    def removed(self) -> int:
        return sum(bits.size - int(np.count_nonzero(bits)) for bits in self.kept.values())

    @property
    def collapsed(self) -> tuple[str, ...]:
        """Matrices that keep next to nothing."""
        counts = {name: bits.size - int(np.count_nonzero(bits)) for name, bits in self.kept.items()}
        return tuple(name for name, gone in counts.items() if has_collapsed(gone, self.kept[name].size))

    @property
    def total(self) -> int:
        return sum(bits.size for bits in self.kept.values())


def read_given(path: Path) -> Given:
    """Read a mask file in any of the layouts.

    Raises:
        ExchangeError: it is none, in one sentence.
    """
    if not path.is_file():
        raise ExchangeError(f"{path} is not there")
    if path.suffix in PICKLES:
        return _of_tensors(path, _pickled(path))
    try:
        with safe_open(path, framework="numpy") as file:
            is_ours = {TICKET, SHAPES} & (file.metadata() or {}).keys()
            found = {} if is_ours else {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        return Given(read_mask(path)) if is_ours else _of_tensors(path, found)
    except (SafetensorError, TypeError, BadMaskFile) as problem:
        raise ExchangeError(f"{path} cannot be read as a mask: {problem}") from None


def import_mask(path: Path, to: Path) -> Given:
    """Write a mask that others made as one of our files.

    Raises:
        ExchangeError: it is none, or something is in the way.
    """
    given = read_given(path)
    if to.exists():
        raise ExchangeError(f"{to} is there already; choose another name with --to")
    try:
        write_mask(to, given.kept, {"from": path.name})
    except (OSError, SafetensorError) as problem:
        raise ExchangeError(f"{to} cannot be written: {problem}") from None
    return given


def _pickled(path: Path) -> Mapping[str, Any]:
    import torch

    try:
        # Nothing but tensors: a pickle of modules, as the released code saves beside it, could run anything.
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as problem:
        first = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise ExchangeError(
            f"{path} holds more than tensors, or is damaged, and is not opened: code in it would run ({first})"
        ) from None
    if not isinstance(found, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in found.values()):
        raise ExchangeError(f"{path} is no mask: it holds something else than tensors with names")
    return {str(name): tensor.float().numpy() for name, tensor in found.items()}


def _of_tensors(path: Path, tensors: Mapping[str, Any]) -> Given:
    kept: dict[str, BoolArray] = {}
    for said, tensor in tensors.items():
        match = NAME.match(said)
        if match is None:
            raise ExchangeError(f"{path} has `{said}`, which is no matrix of an encoder or pooler")
        if match["name"] in kept:
            raise ExchangeError(f"{path} has two masks of `{match['name']}`")
        if not ((tensor == 0) | (tensor == 1)).all():
            raise ExchangeError(f"{path} has values in `{said}` that are neither 0 nor 1: these are no masks")
        kept[match["name"]] = tensor != 0
    if not kept:
        raise ExchangeError(f"{path} holds no tensors")
    return Given(kept)
