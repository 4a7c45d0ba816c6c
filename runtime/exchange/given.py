"""Masks that others made, as they come: our files, tensors of zeros and ones, files of BERT-Tickets, pruned networks.

The released BERT-Tickets code saves a dict of float32 tensors called `bert.encoder.layer.0....weight_mask`, 73 of them
with the pooler (paper, section 3.6). Names are read without what stands before the trunk and without `_mask`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from safetensors import SafetensorError, safe_open

from ..failures import ExchangeError, UnwritableError
from ..masks import MASK_FILE, SHAPES, TICKET, BadMaskFile, BoolArray, has_collapsed, read_mask, write_mask
from ..matrices import MATRIX
from .rounds import ROUNDS, ROUNDS_FILE, kept_at

PICKLES = (b"PK\x03\x04", b"\x80")  # what files of torch.save begin with: an archive, or in old ones a pickle
LONGEST_HEAD = 9
NUMBERS = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8", "BOOL")
FILES = (MASK_FILE, ROUNDS_FILE, "mask.pt")  # by which masks are found in a folder
NETWORKS = "model*.safetensors"  # one file, or its shards
NAME = re.compile(rf"(?:.*\.)?(?P<name>{MATRIX})(?:_mask)?")


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


def read_given(path: Path, sparsity: str | None = None) -> Given:
    """Read a mask file in any of the layouts, told by its first bytes and not by its name.

    Args:
        sparsity: which mask, `70%`, of a file that holds those of all rounds; None: the last one.

    Raises:
        ExchangeError: it is none, in one sentence.
    """
    if not path.is_file():
        raise ExchangeError(f"{path} is not there" if not path.is_dir() else f"{path} is a folder, and no mask file")
    try:
        with path.open("rb") as file:
            first = file.read(LONGEST_HEAD)
    except OSError as problem:
        raise ExchangeError(f"{path} cannot be read: {problem.strerror}") from None
    if _may_be_safetensors(first, path.stat().st_size):  # first: a header's length may look like a pickle
        return _of_safetensors(path, sparsity)
    if first.startswith(PICKLES):
        return _of_tensors(path, _pickled(path))
    raise ExchangeError(f"{path} is neither a safetensors file nor one of torch.save: no mask can be read from it")


def _may_be_safetensors(first: bytes, size: int) -> bool:
    """Whether a file begins as such files do: the length of a header that fits into it, and a brace."""
    return first[8:9] == b"{" and int.from_bytes(first[:8], "little") + 8 <= size


def _of_safetensors(path: Path, sparsity: str | None) -> Given:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if {TICKET, SHAPES} & metadata.keys():
                return Given(read_mask(path))
            if ROUNDS in metadata:
                died = {_name_in_trunk(path, name): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
                return Given(kept_at(path, metadata[ROUNDS], died, sparsity))
            _refuse_what_is_no_mask(path, {name: file.get_slice(name).get_dtype() for name in file.keys()})  # noqa: SIM118  # as above
            return _of_tensors(path, ((name, file.get_tensor(name)) for name in file.keys()))  # noqa: SIM118  # as above
    except (SafetensorError, TypeError, BadMaskFile) as problem:
        raise ExchangeError(f"{path} cannot be read as a mask: {problem}") from None


def _refuse_what_is_no_mask(path: Path, types: Mapping[str, str]) -> None:
    """Look at names before any tensor is read: a whole network would take its size in memory to be refused."""
    for name, said in types.items():
        _name_in_trunk(path, name)
        if said not in NUMBERS:
            raise ExchangeError(
                f"{path} has `{name}` as numbers of type {said}, and masks are read as {', '.join(NUMBERS)}"
            )


def _of_network(folder: Path) -> Given:
    """The mask of a model folder whose removed weights are zero; of matrices without a zero nothing is known."""
    kept: dict[str, BoolArray] = {}
    try:
        for path in sorted(folder.glob(NETWORKS)):
            with safe_open(path, framework="numpy") as file:
                for said in file.keys():  # noqa: SIM118  # no mapping
                    if (match := NAME.fullmatch(said)) is not None:
                        kept[match["name"]] = file.get_tensor(said) != 0
    except (SafetensorError, TypeError) as problem:
        raise ExchangeError(f"{folder} cannot be read as a network: {problem}") from None
    if not kept:
        said = f"no mask is in it, and no network: {NETWORKS} would hold matrices of an encoder"
        raise ExchangeError(f"{folder} is a folder that nothing can be read from: {said}")
    pruned = {name: bits for name, bits in kept.items() if not bits.all()}
    if not pruned:
        raise ExchangeError(f"{folder} holds a network without a zero in its matrices: nothing was pruned from it")
    return Given(pruned)


def import_mask(path: Path, to: Path, sparsity: str | None = None) -> Given:
    """Write a mask that others made as one of our files.

    Args:
        path: a file, or the folder of a network whose removed weights are zero.
        sparsity: as in `read_given`.

    Raises:
        ExchangeError: it is none, or something is in the way.
        UnwritableError: the disk refuses.
    """
    inside = next((path / name for name in FILES if (path / name).is_file()), None)  # of a folder that was exported
    given = _of_network(path) if inside is None and path.is_dir() else read_given(inside or path, sparsity)
    if to.exists():
        raise ExchangeError(f"{to} is there already; choose another name with --to")
    try:
        write_mask(to, given.kept, {"from": path.name})
    except (OSError, SafetensorError) as problem:
        raise UnwritableError(f"{to} cannot be written: {problem}") from None
    return given


def _pickled(path: Path) -> Iterator[tuple[str, Any]]:
    from ..pickles import BadPickle, read_pickled

    try:
        # The released code saves pickles of modules beside its masks: those could run anything.
        found = read_pickled(path)
    except BadPickle as problem:
        raise ExchangeError(f"{path} {problem}") from None
    return ((name, tensor.float().numpy()) for name, tensor in found.items())


def _of_tensors(path: Path, tensors: Iterable[tuple[str, Any]]) -> Given:
    """One after another: as bools they take a quarter of their memory as numbers, or less."""
    kept: dict[str, BoolArray] = {}
    for said, tensor in tensors:
        name = _name_in_trunk(path, said)
        if name in kept:
            raise ExchangeError(f"{path} has two masks of `{name}`")
        if not ((tensor == 0) | (tensor == 1)).all():
            is_weight = not said.endswith("_mask")
            hint = "it may hold the weights of a network" if is_weight else "these are no masks"
            raise ExchangeError(f"{path} has values in `{said}` that are neither 0 nor 1: {hint}")
        kept[name] = tensor != 0
    if not kept:
        raise ExchangeError(f"{path} holds no tensors")
    return Given(kept)


def _name_in_trunk(path: Path, said: str) -> str:
    match = NAME.fullmatch(said)
    if match is None:
        raise ExchangeError(f"{path} has `{said}`, which is no matrix of an encoder or pooler")
    return match["name"]
