"""A file's name and text, and places in it."""

from bisect import bisect_right
from functools import cached_property
from pathlib import Path

from attrs import define, frozen


@define(eq=False, frozen=True)
class Source:
    """A text with a name. Two sources are the same only if they are one object."""

    name: str  # as people know it: `specs/universal.ticket`, or `<chen2020>` for one that ships
    text: str
    path: Path | None = None  # where the file lies; None for a text that is no file

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of every line."""
        return (0, *(i + 1 for i, c in enumerate(self.text) if c == "\n"))

    def line_of(self, offset: int) -> int:
        """The 1-based number of the line that holds `offset`."""
        return bisect_right(self.line_starts, offset)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column, in characters."""
        line = self.line_of(offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its end."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def span(self, start: int, stop: int) -> "Span":
        return Span(self, start, stop)

    @property
    def end(self) -> "Span":
        return Span(self, len(self.text), len(self.text))


@frozen(repr=False)
class Span:
    """The characters `start` to `stop` (half open) of a source."""

    source: Source
    start: int
    stop: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.stop]

    @property
    def line_and_column(self) -> tuple[int, int]:
        return self.source.line_and_column(self.start)

    def to(self, other: "Span") -> "Span":
        """From the start of this one to the end of the other."""
        return Span(self.source, self.start, other.stop)

    def __str__(self) -> str:
        line, column = self.line_and_column
        return f"{self.source.name}:{line}:{column}"

    __repr__ = __str__
