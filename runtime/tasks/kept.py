"""Encoded examples in files: made once for all jobs, workers and runs, and mapped into memory.

A file is named by all that decides the examples, and holds a digest of itself: one that is not as it was written is
made anew. Classes are written field by field, arrays as tensors of a safetensors file, the rest as JSON among them.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import numpy as np
import torch
from safetensors import SafetensorError

from ..tensors import SEAL, Array, map_tensors, seal_of, write_tensors
from ..training.batches import Encoded, WholeInput
from .blocks import Vocabulary
from .masked_words import MaskedWords
from .prepared import Prepared
from .windows import Spans

CLASSES: dict[str, Any] = {cls.__name__: cls for cls in (Encoded, MaskedWords, Prepared, Spans, Vocabulary, WholeInput)}
OUTLINE = "outline"  # the tensor that holds the JSON


class NotAsWritten(Exception):  # noqa: N818  # its name says what happened
    """A file of examples is damaged."""


def kept(path: Path, make: Callable[[], Prepared]) -> Prepared:
    """The examples of a file; made, and written there, if it is not there or damaged.

    Those of a corpus lie in files already, and are not written a second time.
    """
    with suppress(OSError, NotAsWritten):
        return _read(path)
    prepared = make()
    if not isinstance(prepared.train.tokens, np.memmap):
        with suppress(OSError, SafetensorError):  # a full disk costs time, and no more
            _write(path, prepared)
    return prepared


def _write(path: Path, prepared: Prepared) -> None:
    arrays: list[Array] = []
    is_same = prepared.best is prepared.score
    outline = _outline(attrs.evolve(prepared, best=None) if is_same else prepared, arrays)
    said = json.dumps({"prepared": outline, "best is score": is_same}, separators=(",", ":")).encode()
    tensors = {f"{number}": np.ascontiguousarray(array) for number, array in enumerate(arrays)}
    tensors[OUTLINE] = np.frombuffer(said, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        write_tensors(staged, tensors, {SEAL: seal_of(path.name, tensors)})
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def _read(path: Path) -> Prepared:
    try:
        tensors, metadata = map_tensors(path)
        if metadata.get(SEAL) != seal_of(path.name, tensors):
            raise NotAsWritten(path)
        said = json.loads(tensors[OUTLINE].tobytes())
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotAsWritten(path) from problem
    arrays = [tensors[f"{number}"] for number in range(len(tensors) - 1)]
    prepared: Prepared = _filled(said["prepared"], arrays)
    return attrs.evolve(prepared, best=prepared.score) if said["best is score"] else prepared


def _outline(value: Any, arrays: list[Array]) -> Any:
    """A value as JSON, its arrays by their numbers."""
    cls = type(value)
    if CLASSES.get(cls.__name__) is cls:
        fields = (field.name for field in attrs.fields(cls) if field.init)
        return {"is": cls.__name__, **{name: _outline(getattr(value, name), arrays) for name in fields}}
    if isinstance(value, torch.Tensor):
        return {"tensor": _added(value.numpy(), arrays)}
    if isinstance(value, np.ndarray):
        return {"array": _added(value, arrays)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        if value and all(isinstance(item, np.ndarray) for item in value):
            lengths = np.array([len(item) for item in value])
            return {"arrays": _added(np.concatenate(value), arrays), "lengths": _added(lengths, arrays)}
        return [_outline(item, arrays) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{cls.__name__} is not written to files of examples")


def _added(array: Array, arrays: list[Array]) -> int:
    arrays.append(array)
    return len(arrays) - 1


def _filled(outline: Any, arrays: Sequence[Array]) -> Any:
    """What `_outline` was made from."""
    match outline:
        case {"is": name, **fields}:
            return CLASSES[name](**{str(field): _filled(value, arrays) for field, value in fields.items()})
        case {"tensor": number}:
            return torch.from_numpy(arrays[number].copy())  # few bytes, and torch wants to own them
        case {"array": number}:
            return arrays[number]
        case {"arrays": number, "lengths": lengths}:
            return tuple(np.split(arrays[number], np.cumsum(arrays[lengths])[:-1]))
        case [*items]:
            return tuple(_filled(item, arrays) for item in items)
    return outline
