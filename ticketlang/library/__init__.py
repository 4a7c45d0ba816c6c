"""Files of the language that ship with it, and how any file that is named by `use` is read."""

from functools import cache
from pathlib import Path

from ..source import Source

FOLDER = Path(__file__).parent
MOST_BYTES = 1_000_000  # read of a file at most; a spec that has as many is refused for its length


class FromDisk:
    """Shipped files come from this folder, others from beside the file that uses them."""

    def shipped_names(self) -> tuple[str, ...]:
        return shipped_names()

    def shipped(self, name: str) -> Source | None:
        if name not in shipped_names():
            return None
        return Source(f"<{name}>", (FOLDER / f"{name}.ticket").read_text(encoding="utf-8"))

    def beside(self, path: str, source: Source) -> Source | str:
        if source.path is None:
            return "this text lies in no folder"
        folder = source.path.parent
        return read_source(folder / path, str(Path(source.name).parent / path))


@cache
def shipped_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.ticket")))


def read_source(path: Path, name: str | None = None) -> Source | str:
    """A file's text, or in a few words why it cannot be read.

    Args:
        name: what the file is called in messages; by default its path.
    """
    try:
        if path.is_dir():
            return "it is a folder"
        with path.open("rb") as file:
            content = file.read(MOST_BYTES)
        return Source(name or str(path), content.decode("utf-8-sig"), path)
    except FileNotFoundError:
        return "there is no such file"
    except UnicodeDecodeError as problem:
        if len(content) == MOST_BYTES and problem.start > MOST_BYTES - 4:  # cut within a character
            return Source(name or str(path), content.decode("utf-8", errors="ignore"), path)
        return "it is not text in UTF-8"
    except (OSError, ValueError) as problem:
        return getattr(problem, "strerror", None) or str(problem)
