"""The one form of archive that leaves and enters a store: a tar of plain files, the same bytes for the same files.

Read by us and not by `tarfile`: of all that a tar may hold, links, devices, folders, holes and headers that rename
what follows, an archive of ours holds nothing, and what is never understood cannot be misused.
"""

import tarfile
from collections.abc import Callable, Iterable, Iterator
from os import SEEK_CUR
from typing import IO

from attrs import frozen

BLOCK = 512
PIECE = 1 << 20
END = bytes(2 * BLOCK)  # two empty blocks


class BadArchive(Exception):  # noqa: N818  # its name says what happened
    """A file is no archive of ours, or was changed since it was written. Says why."""


@frozen
class Entry:
    """A file in an archive."""

    name: str
    size: int  # in bytes


def write_archive(file: IO[bytes], entries: Iterable[tuple[Entry, Iterable[bytes]]]) -> None:
    """Write files one after another, each in pieces. No time, owner or right is in it."""
    for entry, pieces in entries:
        header = tarfile.TarInfo(entry.name)
        header.size = entry.size
        file.write(header.tobuf(tarfile.GNU_FORMAT, "ascii", "strict"))
        for piece in pieces:
            file.write(piece)
        file.write(bytes(-entry.size % BLOCK))
    file.write(END)


def read_archive(file: IO[bytes], take: Callable[[Entry, Iterator[bytes]], None]) -> None:
    """Hand over the files of an archive, one after another, each in pieces that have to be taken before the next.

    Raises:
        BadArchive: it holds something else than plain files, or is not whole.
    """
    while (header := _exactly(file, BLOCK)) != bytes(BLOCK):
        entry = _entry(header)
        pieces = _pieces(file, entry.size)
        take(entry, pieces)
        for _ in pieces:
            raise BadArchive(f"`{entry.name}` is longer than it should be")
        if any(_exactly(file, -entry.size % BLOCK)):
            raise BadArchive(f"something follows `{entry.name}` that is no part of it")
    _exactly(file, BLOCK)
    file.seek(-BLOCK, SEEK_CUR)
    while rest := file.read(PIECE):  # other programs fill the last blocks up
        if any(rest):
            raise BadArchive("something follows its end")


def _entry(header: bytes) -> Entry:
    try:
        info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise BadArchive("it is no archive of `ticketrun store export`, or it is damaged") from None
    if info.type != tarfile.REGTYPE or info.linkname:
        raise BadArchive(f"it holds `{info.name}`, which is no plain file")
    if info.size < 0:
        raise BadArchive(f"`{info.name}` says that it has {info.size} bytes")
    return Entry(info.name, info.size)


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        piece = _exactly(file, min(size, PIECE))
        size -= len(piece)
        yield piece


def _exactly(file: IO[bytes], size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise BadArchive("it ends in the middle")
    return content
