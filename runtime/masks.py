"""Masks in files: one bit a weight, True = kept, readable without torch.

A file holds one row of packed bytes per weight matrix, in the order of C, first weight in the highest bit, and the
shapes in its metadata: ten megabytes for the 85.5 million weights of a BERT-base.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

MASK_FILE = "mask.safetensors"
SHAPES = "shapes"  # the one entry of the metadata; with several, their order in the file would be left to chance

BoolArray = NDArray[np.bool_]


class BadMaskFile(Exception):  # noqa: N818  # its name says what happened
    """A file is not a mask of ours. Says what is wrong with it."""


def write_mask(path: Path, kept: Mapping[str, BoolArray]) -> None:
    """Write a mask; the same mask gives the same bytes."""
    packed = {name: np.packbits(bits.reshape(-1)) for name, bits in kept.items()}
    shapes = json.dumps({name: list(bits.shape) for name, bits in kept.items()}, separators=(",", ":"))
    save_file(packed, path, metadata={SHAPES: shapes})


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
            shapes = json.loads((file.metadata() or {})[SHAPES])
            return {name: _unpack(name, file.get_tensor(name), shape) for name, shape in shapes.items()}
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as problem:
        raise BadMaskFile(f"{path} cannot be read as a mask: {problem}") from None


def _unpack(name: str, packed: NDArray[np.uint8], shape: list[int]) -> BoolArray:
    count = int(np.prod(shape, dtype=np.int64))
    if packed.dtype != np.uint8 or packed.size != (count + 7) // 8:
        raise ValueError(f"{packed.size} bytes cannot hold the {count} bits of `{name}`")
    return np.unpackbits(packed, count=count).view(np.bool_).reshape(shape)
