"""What commands have in common: exit statuses, options, reading a spec, and the one place where things are printed."""

import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from attrs import frozen

from ..diagnostics import Diagnostic
from ..library import read_source
from ..pipeline import Checked, check
from ..source import Source
from ..study import Study

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STORE = Path(".ticketlang")  # where results are kept, unless a command line says otherwise

# Exit statuses. 0 whatever the verdicts are: a claim that fails is a result.
DONE = 0
SPEC_WRONG = 1
WRONG_USE = 2
MACHINE = 3
SOME_FAILED = 4
BY_SIGNAL = 128  # and the number of the signal

WIDE = 120  # columns of what is printed where no terminal says how many there are

BLANKS = re.compile(r"[ \t]+(?=\n)")  # at the end of a line


def add_spec_argument(parser: ArgumentParser) -> None:
    parser.add_argument("spec", type=Path, metavar="SPEC", help="a .ticket file")
    add_setting_argument(parser)


def add_setting_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="TEXT",
        help="say something else than the spec does: 'seeds 1', 'imp.sparsity 50%%', 'mrpc.train 1 epoch'",
    )


def add_data_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="look for data files and model folders under DIR alone (default: beside the spec)",
    )


def add_place_arguments(parser: ArgumentParser) -> None:
    add_data_argument(parser)
    add_store_argument(parser)


def add_store_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        type=Path,
        default=STORE,
        metavar="DIR",
        help="keep results in DIR (default: .ticketlang in the working directory)",
    )


def add_verify_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read masks to their ends, as `run` does before its first job (default: look whether they are as long as"
        " they were written; records are read in either case)",
    )


def add_checkpoint_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="of a running job keep every so many seconds what it takes to go on from there (default: 60); 0: after"
        " every step",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"`{text}` is no number of seconds")
    return seconds


@cache
def console(stderr: bool = False) -> "Console":
    """Where things are printed: in colour in a terminal, as plain text elsewhere."""
    from rich.console import Console

    class Plainer(Console):
        """Ends where its reader does, and leaves no blanks at the ends of lines."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # not an error of ours: `main` knows what it means

    file = cast("TextIO", Trimmed("stderr" if stderr else "stdout"))
    return Plainer(file=file, stderr=stderr, width=_width(), highlight=False, markup=False, emoji=False)


def _width() -> int | None:
    """How wide tables and paragraphs may be; None: as COLUMNS says, or a terminal, be it that of another stream."""
    if "COLUMNS" in os.environ:
        return None
    for stream in (0, 1, 2):
        with suppress(OSError):
            os.get_terminal_size(stream)
            return None
    return WIDE


def print_lines(lines: "Iterable[RenderableType]") -> None:
    """Print tables and sentences: wrapped between words for a terminal, and each in one line for programs that read."""
    for line in lines:
        console().print(line, soft_wrap=not console().is_terminal)


@frozen
class Trimmed:
    """What goes out, without the blanks that fill up columns where it is a pipe or a file."""

    name: str  # of a stream of `sys`, which may be another one tomorrow

    @property
    def stream(self) -> TextIO:
        stream: TextIO = getattr(sys, self.name)
        return stream

    def write(self, text: str) -> int:
        return self.stream.write(text if self.stream.isatty() else BLANKS.sub("", text))

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def complain(sentence: str, status: int = MACHINE) -> int:
    """Say in one sentence what stands in the way. Returns the exit status."""
    from ..plain import plain

    print(f"ticketrun: {plain(sentence)}", file=sys.stderr)
    return status


def complain_of_no_store(store: Path) -> int:
    """Say that there is no store where one was looked for. Returns the exit status."""
    return complain(f"nothing was run with the store {store}; say which with --store", WRONG_USE)


def read_spec(path: Path, settings: Sequence[str] = ()) -> tuple[Source, Checked] | str:
    """A spec and what is wrong with it, or why it cannot be read."""
    source = read_source(path)
    return source if isinstance(source, str) else (source, check(source, settings=settings))


def read_study(path: Path, settings: Sequence[str] = ()) -> Study | None:
    """The study of a spec. None: there is none, and why has been said."""
    read = read_spec(path, settings)
    if isinstance(read, str):
        complain(f"{path} cannot be read: {read}")
        return None
    source, checked = read
    if checked.diagnostics:
        show(checked.diagnostics, source.name)
    return checked.study


def show(diagnostics: Sequence[Diagnostic], name: str | None = None) -> None:
    """Print complaints.

    Args:
        name: of the spec they are counted under; by default the one that the first is about.
    """
    from ..display.diagnostics import diagnostics_view

    out = console(stderr=True)
    for text in diagnostics_view(
        name or diagnostics[0].at.source.name, diagnostics, out.width if out.is_terminal else None
    ):
        out.print(text, soft_wrap=True)


def put_file(path: Path, content: bytes) -> str | None:
    """Write a file as a whole, in place of what may be there. Says why if it cannot be done."""
    from secrets import token_hex

    target = path.resolve()  # a link stays one
    new = target.with_name(f".{target.name[:50]}.{token_hex(4)}.new")
    try:
        with new.open("xb") as file:
            file.write(content)
        new.replace(target)
    except OSError as problem:
        new.unlink(missing_ok=True)
        return f"{path} cannot be written: {problem.strerror or problem}"
    return None


def replace_text(path: Path, text: str) -> str | None:
    """Replace a file as a whole: whoever reads it meets the old text or the new one. Says why if it cannot be done."""
    from tempfile import NamedTemporaryFile

    target = path.resolve()  # a link stays one
    new: Path | None = None
    try:
        with NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=target.parent, delete=False) as file:
            new = Path(file.name)
            file.write(text)
        new.chmod(target.stat().st_mode)
        new.replace(target)
    except OSError as problem:
        if new is not None:
            new.unlink(missing_ok=True)
        return f"{path} cannot be written: {problem.strerror or problem}; it is as it was"
    return None
