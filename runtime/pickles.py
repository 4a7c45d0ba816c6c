"""Pickled files of tensors that others made: opened for tensors alone, and no larger in memory than on the disk."""

import errno
from pathlib import Path
from pickle import UnpicklingError
from warnings import catch_warnings, simplefilter
from zipfile import ZIP_STORED, BadZipFile, ZipFile, is_zipfile

import torch
from torch import Tensor


class BadPickle(Exception):  # noqa: N818  # its name says what happened
    """A file is not opened. Says why, in words that follow its name."""


def read_pickled(path: Path, *, mapped: bool = False) -> dict[str, Tensor]:
    """The tensors of a file of `torch.save`, by name.

    Args:
        mapped: have them mapped into memory instead of read.

    Raises:
        BadPickle: there is more in it than tensors with names, or it would grow.
    """
    _refuse_packed(path)
    try:
        # Nothing but tensors: any other pickle could run code while it is opened.
        with catch_warnings():
            simplefilter("ignore")  # of forms that torch does not expect: they are refused below, or understood
            found = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped and is_zipfile(path))
    except (RuntimeError, OSError) as problem:  # of a reader that meets its end, with paragraphs on what that may mean
        if isinstance(problem, OSError) and problem.errno != errno.EINVAL:  # a place before the first byte
            raise
        raise BadPickle("holds more than tensors, or is damaged, and is not opened: code in it would run") from None
    except (UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError) as problem:
        first = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise BadPickle(
            f"holds more than tensors, or is damaged, and is not opened: code in it would run ({first})"
        ) from None
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise BadPickle("holds something else than tensors with names")
    for name, tensor in found.items():
        if tensor.layout is not torch.strided or tensor.is_quantized:
            raise BadPickle(f"has `{name}` in a form that is not read: dense tensors are")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise BadPickle(f"has `{name}` with more numbers than the file holds")
    return {str(name): tensor for name, tensor in found.items()}


def _refuse_packed(path: Path) -> None:
    """`torch.save` packs nothing: whatever is packed was made to grow."""
    if not is_zipfile(path):
        return
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except (BadZipFile, OSError, NotImplementedError) as problem:
        raise BadPickle(f"is damaged: {problem}") from None
    size = path.stat().st_size
    if any(one.compress_type != ZIP_STORED for one in members) or sum(one.file_size for one in members) > size:
        raise BadPickle("is packed, and would take more memory than it has bytes")
