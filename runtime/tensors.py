"""Tensors in files, without torch: safetensors as numpy arrays, and one digest of many."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

Array = NDArray[Any]


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the tensors in a file, in order of the alphabet."""
    with safe_open(path, framework="numpy") as file:
        return tuple(sorted(file.keys()))


def read_tensors(path: Path, names: Iterable[str]) -> Iterator[tuple[str, Array]]:
    """The named tensors of a file, one after another: two of them are never needed at once.

    Raises:
        SafetensorError: one of them is not there.
        TypeError: numpy has no such numbers, as those of bf16.
    """
    with safe_open(path, framework="numpy") as file:
        for name in names:
            yield name, file.get_tensor(name)


def digest_of(tensors: Iterable[tuple[str, Array]]) -> str:
    """One digest for all bits of all tensors, which come in order of the alphabet."""
    digest = blake2b(digest_size=20)
    for name, tensor in tensors:
        digest.update(f"{name} {tensor.shape} torch.{tensor.dtype} ".encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).data)
    return digest.hexdigest()
