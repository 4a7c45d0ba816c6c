"""Files named by their content.

Reading 400 MB to plan would be slow, so digests are remembered by a file's size and times.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

from attrs import define, field


@define
class Digests:
    """Digests of files, remembered by size and times in a file of the store."""

    memory: Path | None = None  # None: nothing is remembered
    known: dict[str, tuple[list[int], str]] = field(factory=dict)
    is_changed: bool = False

    @classmethod
    def open(cls, memory: Path | None) -> "Digests":
        try:
            seal, _, text = memory.read_text(encoding="utf-8").partition("\n") if memory else ("", "", "{}")
            if memory and seal != seal_of(text):  # a digest with another bit would name other results
                return cls(memory)
            return cls(memory, {path: (stamp, digest) for path, (stamp, digest) in json.loads(text).items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls(memory)  # it can always be made anew

    def of(self, path: Path) -> str:
        """The digest of a file's content: 40 hexadecimal digits."""
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        name = str(path.resolve())
        if name in self.known and list(self.known[name][0]) == stamp:
            return self.known[name][1]
        digest = blake2b(digest_size=20)
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        self.known[name] = (stamp, digest.hexdigest())
        self.is_changed = True
        return digest.hexdigest()

    def remember(self) -> None:
        """Write down what was found. A folder that cannot be written to costs time at the next start, and no more."""
        if self.memory is None or not self.is_changed:
            return
        staged = self.memory.with_suffix(f".{uuid4().hex}.new")  # others may write theirs at the same moment
        try:
            self.memory.parent.mkdir(exist_ok=True)
            text = json.dumps(self.known)
            staged.write_text(f"{seal_of(text)}\n{text}", encoding="utf-8")
            staged.replace(self.memory)
        except OSError:
            with suppress(OSError):
                staged.unlink(missing_ok=True)


def seal_of(text: str) -> str:
    """What the first line of a memory of digests has to be."""
    return blake2b(text.encode(), digest_size=20).hexdigest()


def digest_of(parts: Iterable[object]) -> str:
    return blake2b(json.dumps(list(parts)).encode(), digest_size=20).hexdigest()
