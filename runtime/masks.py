"""Masks in files: one bit a weight, True = kept, readable without torch.

A file holds one row of packed bytes per weight matrix, in the order of C, first weight in the highest bit, and the
shapes in its metadata: ten megabytes for the 85.5 million weights of a BERT-base. A file that leaves the store says in
its metadata what it is, too.
"""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from .tensors import write_tensors

MASK_FILE = "mask.safetensors"
# The one entry of the metadata; with several, their order in the file would be left to chance.
SHAPES = "shapes"
TICKET = "ticket"  # of files that were exported: the shapes, and where the mask comes from

BoolArray = NDArray[np.bool_]


class BadMaskFile(Exception):  # noqa: N818  # its name says what happened
    """A file is not a mask of ours. Says what is wrong with it."""


def write_mask(path: Path, kept: Mapping[str, BoolArray], about: Mapping[str, Any] | None = None) -> None:
    """Write a mask; the same mask gives the same bytes.

    Args:
        about: JSON on where the mask comes from, for those who find it outside the store.
    """
    packed = {name: np.packbits(bits.reshape(-1)) for name, bits in kept.items()}
    shapes = {name: list(bits.shape) for name, bits in kept.items()}
    said = {SHAPES: shapes} if about is None else {TICKET: {SHAPES: shapes, **about}}
    write_tensors(path, packed, {name: json.dumps(value, separators=(",", ":")) for name, value in said.items()})


def has_collapsed(removed: int, total: int) -> bool:
    """Whether a matrix keeps less than one weight in a hundred: it passes nothing on that a head could read."""
    return 100 * (total - removed) < total


def read_mask(path: Path) -> dict[str, BoolArray]:
    """Read a mask, its matrices in the order in which they were written.

    Raises:
        BadMaskFile: if the file is no mask, or its sizes contradict each other.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if not {TICKET, SHAPES} & metadata.keys():
                raise ValueError("its metadata does not say the shapes of its matrices, as masks of ours do")
            shapes = json.loads(metadata[TICKET])[SHAPES] if TICKET in metadata else json.loads(metadata[SHAPES])
            return {name: _unpack(name, file.get_tensor(name), shape) for name, shape in shapes.items()}
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as problem:
        raise BadMaskFile(f"{path} cannot be read as a mask: {problem}") from None


def _unpack(name: str, packed: NDArray[np.uint8], shape: list[int]) -> BoolArray:
    if not all(isinstance(side, int) and side > 0 for side in shape):
        raise ValueError(f"`{name}` cannot have the shape {shape}")
    count = prod(shape)
    if packed.dtype != np.uint8 or packed.size != (count + 7) // 8:
        raise ValueError(f"{packed.size} bytes cannot hold the {count} bits of `{name}`")
    return np.unpackbits(packed, count=count).view(np.bool_).reshape(shape)
