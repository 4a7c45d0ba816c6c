"""Tensors in files, without torch: safetensors as numpy arrays, and one digest of many."""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from stat import S_IMODE
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

Array = NDArray[Any]

# In the metadata of weights for transformers, which refuses files without it.
FOR_TRANSFORMERS: Mapping[str, str] = {"format": "pt"}
SEAL = "digest"  # in the metadata of a file that seals itself

# Of those that safetensors knows, what `map_tensors` reads.
TYPES: Mapping[str, Any] = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "I32": np.int32, "I64": np.int64, "F32": np.float32,
    "F64": np.float64,
}  # fmt: skip


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file, in place of what may be there; the same tensors give the same bytes.

    Whoever may read other new files may read this one: the library makes files that are their owner's alone. Which mode
    the umask and the folder give is seen from a file, for to ask for a umask is to change it, in all threads at once.

    Raises:
        OSError, SafetensorError: it cannot be written.
    """
    is_new = not path.exists()
    with path.open("ab") as file:
        mode = S_IMODE(os.fstat(file.fileno()).st_mode)
    try:
        whole = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        save_file(whole, path, dict(metadata) if metadata else None)
        path.chmod(mode)
    except BaseException:
        if is_new:
            path.unlink(missing_ok=True)
        raise


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the tensors in a file, in order of the alphabet."""
    with safe_open(path, framework="numpy") as file:
        return tuple(sorted(file.keys()))


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a file, by its header alone."""
    with safe_open(path, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # no mapping


def read_tensors(path: Path, names: Iterable[str]) -> Iterator[tuple[str, Array]]:
    """The named tensors of a file, one after another: two of them are never needed at once.

    Raises:
        SafetensorError: one of them is not there.
        TypeError: numpy has no such numbers, as those of bf16.
    """
    with safe_open(path, framework="numpy") as file:
        for name in names:
            yield name, file.get_tensor(name)


def map_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """All tensors of a file, mapped into memory and not to be written to, and its metadata.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file, or not whole. Whether its bytes are those that were written is not looked at.
    """
    content = np.memmap(path, dtype=np.uint8, mode="r")
    begin = 8 + int.from_bytes(content[:8].tobytes(), "little")
    header = json.loads(content[8:begin].tobytes())
    metadata = header.pop("__metadata__", {})
    tensors, end = {}, 0
    for name, about in header.items():
        first, last = about["data_offsets"]
        found = content[begin + first : begin + last].view(TYPES[about["dtype"]])
        tensors[name] = found.reshape(about["shape"])
        end = max(end, last)
    if begin + end != len(content):
        raise ValueError(f"{path} is not whole")
    return tensors, metadata


def _new_room(size: int) -> Array:
    return np.empty(size, dtype=np.uint8)


def blank_file(
    tensors: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]], room: Callable[[int], Array] = _new_room
) -> tuple[memoryview, dict[str, Array]]:
    """The bytes of a safetensors file, and the tensors in it, which are still to be filled in where they lie.

    So what is to be written later is copied once, and never a second time into a file's form.

    Args:
        tensors: the type and the shape of each.
        room: gives so many bytes, or more, to be written over; by default new ones.

    Raises:
        KeyError: for a type that is not among `TYPES`.
    """
    codes = {np.dtype(numbers): code for code, numbers in TYPES.items()}
    header: dict[str, Any] = {}
    end = 0
    for name in sorted(tensors, key=lambda name: (-tensors[name][0].itemsize, name)):  # so that each is aligned
        numbers, shape = tensors[name]
        begin, end = end, end + math.prod(shape) * numbers.itemsize
        header[name] = {"dtype": codes[numbers], "shape": list(shape), "data_offsets": [begin, end]}
    said = json.dumps(header, separators=(",", ":")).encode()
    said += b" " * (-len(said) % 8)
    content = room(8 + len(said) + end)[: 8 + len(said) + end]
    content[:8] = np.frombuffer(len(said).to_bytes(8, "little"), dtype=np.uint8)
    content[8 : 8 + len(said)] = np.frombuffer(said, dtype=np.uint8)
    places = {}
    for name, about in header.items():
        first, last = (8 + len(said) + offset for offset in about["data_offsets"])
        places[name] = content[first:last].view(tensors[name][0]).reshape(about["shape"])
    return content.data, places


def seal_of(name: str, tensors: Mapping[str, Array]) -> str:
    """A digest of all bits of a file that says it in its metadata, and of what the file is called."""
    return blake2b(f"{name} {digest_of(sorted(tensors.items()))}".encode(), digest_size=20).hexdigest()


def digest_of_numbers(numbers: Sequence[float]) -> str:
    """One digest for all of them, to the last bit."""
    return blake2b(np.array(numbers, dtype="<f8").tobytes(), digest_size=20).hexdigest()


def digest_of(tensors: Iterable[tuple[str, Array]]) -> str:
    """One digest for all bits of all tensors, which come in order of the alphabet."""
    digest = blake2b(digest_size=20)
    for name, tensor in tensors:
        digest.update(f"{name} {tensor.shape} torch.{tensor.dtype} ".encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).data)
    return digest.hexdigest()
