"""What the language knows of a study and the runtime does not: its text, and how it differs from what others did."""

from attrs import frozen

from .blocks import Piece


@frozen
class Change:
    """A place of a study, what is said there, and what was said elsewhere; None: nothing."""

    place: str  # a block: `ticket imp`, `task mrpc`; empty: the study itself
    field: str
    there: str | None
    here: str | None


@frozen(kw_only=True)
class Written:
    """A study as somebody wrote it."""

    name: str  # of the file
    lines: tuple[tuple[Piece, ...], ...] = ()  # its text
    changes: tuple[Change, ...] | None = None  # against the protocol of the paper; None: it was not compared
    show: str = ""  # the command that shows a cell, whose name follows it
    run: str = ""  # the command that runs what is missing
