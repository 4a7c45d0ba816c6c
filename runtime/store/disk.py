"""Every file operation of the store, and none elsewhere: so that what happens when one of them fails can be tried.

A failing operation becomes one sentence (`StoreError`). Whatever is published was flushed before: `write_new`,
`rename` and `flush` return only when the bytes are on the medium.
"""

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

Operation = TypeVar("Operation", bound=Callable[..., Any])


class StoreError(Exception):
    """The store cannot do what was asked, in one sentence for its user."""


class MissingFileError(StoreError):
    """A file or folder is not there. Often expected, hence a class of its own."""


PIECE = 1 << 20  # bytes of a large file that are in memory at once
TRIES = 100  # of removing a folder that others write to
KEPT = "and run again, what is done is kept"

REASONS = {
    errno.ENOSPC: f"the disk is full; free some space {KEPT}",
    errno.EDQUOT: f"the quota of this disk is used up; free some space {KEPT}",
    errno.EFBIG: f"the file is larger than it may be; raise the limit of this disk or process {KEPT}",
    errno.EIO: f"the disk fails to read or to write; see whether it is sound {KEPT}",
    errno.ESTALE: f"the shared folder has gone away; mount it anew {KEPT}",
    errno.EROFS: "it lies on a read-only disk; choose another place with --store",
    errno.EACCES: "permission is denied; choose another place with --store, or change the permissions",
    errno.ENOTDIR: "a file stands where a folder should be; choose another place with --store",
    errno.EPERM: "permission is denied; choose another place with --store, or change the permissions",
}


# Those that strike a process wherever it writes; the others may be about a file that some job reads.
OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.EROFS})
RUST = re.compile(r"\(os error (\d+)\)")  # how libraries that are written in Rust tell a number, safetensors first


def trouble_of(error: BaseException, folder: Path) -> StoreError | None:
    """What befell the disk while a job wrote into a folder with libraries of its own; None: it was something else."""
    number = error.errno if isinstance(error, OSError) else next(iter(map(int, RUST.findall(str(error)))), None)
    where = error.filename if isinstance(error, OSError) else None
    is_inside = isinstance(where, str | Path) and Path(where).is_relative_to(folder)
    if number not in OF_THE_DISK and not (is_inside and number in REASONS):
        return None
    return StoreError(f"cannot write into {folder}: {REASONS[number]}")


def _in_a_sentence(verb: str) -> Callable[[Operation], Operation]:
    """Turn the operating system's errors into sentences that name the deed and the file."""

    def decorate(operation: Operation) -> Operation:
        @wraps(operation)
        def wrapped(disk: "Disk", path: Path, *args: Any, **kwargs: Any) -> Any:
            try:
                disk.about_to(verb, path)
                return operation(disk, path, *args, **kwargs)
            except FileNotFoundError as problem:
                raise MissingFileError(f"cannot {verb} {path}: it is not there") from problem
            except NotADirectoryError as problem:  # so nothing can be below it, either
                raise MissingFileError(f"cannot {verb} {path}: {REASONS[errno.ENOTDIR]}") from problem
            except FileExistsError:
                raise  # an answer rather than a mishap: claims and publishing are decided by it
            except OSError as problem:
                reason = REASONS.get(problem.errno or 0) or problem.strerror or str(problem)
                raise StoreError(f"cannot {verb} {path}: {reason}") from problem

        return cast(Operation, wrapped)

    return decorate


def _bytes_of(path: Path) -> int:
    """Of a file, or of all files of a folder; what goes while it is counted counts nothing."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            return sum(_bytes_of(inside) for inside in path.iterdir())
        return path.lstat().st_size
    return 0


class Disk:
    """The file system as the store uses it."""

    def about_to(self, verb: str, path: Path) -> None:
        """Called before every operation. A faulty disk fails here, as the operation would."""

    def sync(self, descriptor: int) -> None:
        """Wait until what was written is on the medium."""
        os.fsync(descriptor)

    @_in_a_sentence("make the folder")
    def make_folder(self, path: Path, *, parents: bool = False) -> None:
        """Make a folder; one that is there already is an error, unless its parents are to be made, too."""
        path.mkdir(parents=parents, exist_ok=parents)

    @_in_a_sentence("read")
    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    @_in_a_sentence("write")
    def write_new(self, path: Path, content: bytes | memoryview) -> None:
        """Write a file that is not there yet, and flush it. Raises FileExistsError, and then changes nothing."""
        try:
            with path.open("xb") as file:
                file.write(content)
                file.flush()
                self.sync(file.fileno())
        except FileExistsError:
            raise
        except BaseException:
            with suppress(OSError):  # a file half written is worse than none; the first error is the one to tell
                path.unlink()
            raise

    @_in_a_sentence("write")
    def write_pieces(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Write a large file that is not there yet, and flush it. What is half written stays for the caller to drop."""
        with path.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            self.sync(file.fileno())

    def pieces(self, path: Path) -> Iterator[bytes]:
        """The bytes of a large file, some at a time."""
        at = 0
        while piece := self.piece(path, at):
            yield piece
            at += len(piece)

    @_in_a_sentence("read")
    def piece(self, path: Path, at: int) -> bytes:
        """Some of the bytes of a file, from a place on; none at its end."""
        with path.open("rb") as file:
            file.seek(at)
            return file.read(PIECE)

    @_in_a_sentence("list")
    def sizes(self, path: Path) -> dict[str, int]:
        """The names in a folder, each with the bytes that it, and all below it, takes."""
        return {entry.name: _bytes_of(Path(entry.path)) for entry in os.scandir(path)}

    @_in_a_sentence("look at")
    def free(self, path: Path) -> int:
        """How many bytes can still be written there."""
        return shutil.disk_usage(path).free

    @_in_a_sentence("list")
    def names(self, path: Path) -> dict[str, int]:
        """The names in a folder, with the number the file system gave each (it changes when one is replaced)."""
        with os.scandir(path) as entries:
            return {entry.name: entry.inode() for entry in entries}

    @_in_a_sentence("rename")
    def rename(self, path: Path, to: Path) -> None:
        """Give a file or folder its new name, in one step, and flush the folder that now holds it.

        Raises:
            FileExistsError: a folder is there under that name.
        """
        try:
            path.rename(to)
        except OSError as problem:
            if problem.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                raise FileExistsError(to) from problem
            raise
        self.flush(to.parent)

    @_in_a_sentence("remove")
    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all it holds. What is gone already is no error."""
        for _ in range(TRIES):  # others may remove, or write, there at the same time
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                return
            except FileNotFoundError:
                if not os.path.lexists(path):
                    return
            except OSError as problem:
                if problem.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
        raise OSError(errno.ENOTEMPTY, "Others write there")

    @_in_a_sentence("flush")
    def flush(self, path: Path) -> None:
        """Bring a file, or a folder's list of names, onto the medium."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self.sync(descriptor)
        except OSError as problem:
            if problem.errno != errno.EINVAL:  # some network file systems cannot flush folders, and need not
                raise
        finally:
            os.close(descriptor)

    @_in_a_sentence("read")
    def digest(self, path: Path) -> str:
        """The BLAKE2b digest of a file's bytes, in hexadecimal digits."""
        state = blake2b(digest_size=20)
        with path.open("rb") as file:
            while chunk := file.read(PIECE):
                state.update(chunk)
        return state.hexdigest()

    @_in_a_sentence("look at")
    def identity(self, path: Path) -> tuple[int, int, int]:
        """What changes when a file does: its number, size in bytes, and time of change in nanoseconds."""
        status = path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns

    @_in_a_sentence("renew")
    def touch(self, path: Path) -> None:
        """Set a file's time to now, by the clock of the machine that holds the disk."""
        os.utime(path)

    @_in_a_sentence("look at")
    def age(self, path: Path, probe: Path | None) -> float:
        """Seconds since a file was touched, by the clock of the machine that holds the disk: `probe` is written.

        Args:
            probe: None: the clock of this machine has to do, for whoever only looks.
        """
        if probe is None:
            return time.time() - path.stat().st_mtime
        probe.touch()
        try:
            return probe.stat().st_mtime - path.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)


class PassingDisk(Disk):
    """For a store that does not outlive its process: nothing waits for the medium."""

    def sync(self, descriptor: int) -> None:
        pass
