"""A folder of files that are written as a whole: what an earlier time wrote there, and this one does not, goes."""

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath

from .common import put_file

MANIFEST = ".ticketlang.json"  # of what was written, with digests: what somebody changed since is theirs
FORMAT = 1


def put_folder(folder: Path, files: Mapping[str, bytes]) -> int | str:
    """Write files by their paths in a folder, which is made if need be.

    Removes files that an earlier call wrote, that are as it wrote them, and that are not among these. Whatever else is
    there stays.

    Returns:
        How many were removed, or why something cannot be written.
    """
    earlier, digests = _written(folder), {name: sha256(content).hexdigest() for name, content in files.items()}
    listed = {**earlier, **digests}  # before anything else: an interruption leaves nothing that nobody knows of
    for name, content in ((MANIFEST, _manifest(listed)), *files.items(), (MANIFEST, _manifest(digests))):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            return f"{path.parent} cannot be made: {refused.strerror or refused}"
        if (problem := put_file(path, content)) is not None:
            return problem
    return _removed(folder, earlier, digests.keys())


def _manifest(digests: Mapping[str, str]) -> bytes:
    return (json.dumps({"format": FORMAT, "files": digests}, indent=1, sort_keys=True) + "\n").encode()


def _written(folder: Path) -> Mapping[str, str]:
    """Digests by path of what an earlier call wrote; nothing where it left no list, or one that cannot be read."""
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        files = said["files"] if said["format"] == FORMAT else {}
        return {name: digest for name, digest in files.items() if isinstance(digest, str) and _is_inside(name)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _is_inside(name: str) -> bool:
    """Whether a path of a list leads to no other folder, whoever wrote the list."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _removed(folder: Path, earlier: Mapping[str, str], kept: Collection[str]) -> int:
    count = 0
    for name, digest in earlier.items():
        path = folder / name
        try:
            if name not in kept and not path.is_symlink() and sha256(path.read_bytes()).hexdigest() == digest:
                path.unlink()
                count += 1
        except OSError:
            continue  # it is gone, or cannot be removed: the new report is whole without
    return count
