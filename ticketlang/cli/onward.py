"""What to type next: commands about the same study, with the places and settings of the one that has just run."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

from .common import STORE

NAME = "ticketrun"


def again(store: Path, data: Path | None = None, settings: Sequence[str] = ()) -> tuple[str, ...]:
    """The options that name the same results once more; none where all is as by default."""
    return (
        *(() if store == STORE else ("--store", str(store))),
        *(() if data is None else ("--data", str(data))),
        *(word for setting in settings for word in ("--set", setting)),
    )


def after_a_run(page: Path, args: Namespace, *, has_failed: bool) -> Iterator[tuple[str, str]]:
    """The commands that go on from what a run has left, each after what it is good for.

    Args:
        page: where that of the report goes.
    """
    if has_failed:
        yield "what failed is tried again, and what waits for it is done", _run(args)
    yield f"a page with figures and an appendix, {page}", _command("report", args)
    yield "the same page in a browser, which follows further runs", _command("watch", args, "--serve")
    yield "what results claim, recomputed from their files", _command("verify", args)


def after_an_interruption(args: Namespace) -> Iterator[tuple[str, str]]:
    """How to go on with a run that was stopped."""
    yield "it goes on from where it stood", _run(args)


def _run(args: Namespace) -> str:
    return _command("run", args, *(word for cell in args.cells for word in ("--cell", cell)))


def _command(verb: str, args: Namespace, *more: str) -> str:
    options = again(args.store, args.data, args.settings)
    return " ".join((program(), shlex.join((verb, str(args.spec), *options, *more))))


def program() -> str:
    """What this program is called in the shell that has called it."""
    called = Path(sys.argv[0])
    if which(NAME):
        return NAME
    return shlex.quote(str(called)) if called.name == NAME else f"{shlex.quote(sys.executable)} -m ticketlang"
