"""What an archive of a study says of itself in its first file: the name, size and digest of every other one."""

import re
from collections.abc import Mapping

from attrs import frozen

from ticketlang.jobs import JobKey

from ..store import JSON, records
from .archive import BadArchive

FORMAT = 1  # of archives
MANIFEST = "manifest.json"
SPEC = "study.ticket"
LARGEST = 1 << 26  # bytes of a manifest: it is read into memory whole
LARGEST_SPEC = 1 << 20

NAME = re.compile(rf"{re.escape(SPEC)}|results/(?P<key>[0-9a-f]{{40}})/[A-Za-z][A-Za-z_-]*\.(?:json|safetensors)")
DIGEST = re.compile(r"[0-9a-f]{40}")


@frozen(kw_only=True)
class Manifest:
    """The table of an archive."""

    study: str
    release: str  # of the ticketlang that wrote it
    files: Mapping[str, tuple[int, str]]  # name -> bytes, digest; in the order in which they follow

    def to_record(self) -> bytes:
        files = {name: list(said) for name, said in self.files.items()}
        return records.write({"format": FORMAT, "study": self.study, "release": self.release, "files": files})

    @classmethod
    def from_record(cls, content: bytes) -> "Manifest":
        """Raises BadArchive for one that we would not write, such as one with a name that leads elsewhere."""
        try:
            said = records.read(content)
            number = said["format"]
            if number != FORMAT:
                raise BadArchive(f"it has format {str(number)[:20]}, and this ticketlang reads format {FORMAT}")
            files = {name: _checked(name, its) for name, its in said["files"].items()}
            study, release = str(said["study"]), str(said["release"])
        except (records.BadRecordError, KeyError, TypeError, ValueError, AttributeError) as problem:
            raise BadArchive(f"its {MANIFEST} cannot be understood: {problem}") from None
        if list(files) != sorted(files) or SPEC not in files or files[SPEC][0] > LARGEST_SPEC:
            raise BadArchive(f"its {MANIFEST} is not one of ours")
        return cls(study=study, release=release, files=files)

    @property
    def keys(self) -> tuple[JobKey, ...]:
        """Of the results in it."""
        return tuple(dict.fromkeys(key for name in self.files if (key := key_in(name)) is not None))

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.files.values())


def name_of(key: JobKey, name: str) -> str:
    """Where the file of a result is in an archive."""
    return f"results/{key}/{name}"


def key_in(name: str) -> JobKey | None:
    """The key of the result that a file is of; None: it is of none."""
    found = NAME.fullmatch(name)
    return JobKey(found["key"]) if found is not None and found["key"] else None


def _checked(name: str, said: JSON) -> tuple[int, str]:
    if NAME.fullmatch(name) is None:
        raise BadArchive(f"it has `{name[:200]}`, which is no name of a file in such an archive")
    size, digest = said
    if type(size) is not int or size < 0 or not DIGEST.fullmatch(digest):
        raise ValueError(f"no size and digest are said of `{name}`")
    return size, digest
