"""Complaints as they come, each once, however many parts of a study share the line that they are about."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from attrs import define, field

from ..diagnostics import Diagnostic
from ..parse import MOST_MISTAKES

T = TypeVar("T")


class Misread(Exception):  # noqa: N818  # no error of the program: it says where a reader stopped
    """A phrase that cannot be read further. Caught where the phrase began, and never seen outside of elaboration."""

    def __init__(self, *complaints: Diagnostic) -> None:
        self.complaints = complaints  # none: one has been made already
        super().__init__(*complaints)


class Enough(Exception):  # noqa: N818  # no error of the program: there are more complaints than help
    """Raised by the complaint after the last that anybody would read."""


@define(eq=False, repr=False)
class Complaints:
    """What is wrong so far."""

    _made: dict[tuple[object, ...], Diagnostic] = field(factory=dict)

    def add(self, complaint: Diagnostic) -> None:
        at = complaint.at
        self._made.setdefault((complaint.code, at.source, at.start, at.stop), complaint)
        if len(self._made) > MOST_MISTAKES:
            raise Enough

    def extend(self, complaints: Iterable[Diagnostic]) -> None:
        for complaint in complaints:
            self.add(complaint)

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What `read` returns, or None with a complaint about where it stopped."""
        try:
            return read()
        except Misread as misread:
            self.extend(misread.complaints)
            return None

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        return tuple(self._made.values())
