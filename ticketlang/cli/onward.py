"""What to type next: commands about the same study, with the places and settings of the one that has just run."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

from .common import STORE

NAME = "ticketrun"
MANNER = ("device", "workers", "threads", "retry", "checkpoint")  # options of a run that say how jobs are done
SWITCHES = ("lean", "fail_fast")


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
    """The same run once more: with other threads it might end in other digits, without `--lean` in no room."""
    cells = (word for cell in args.cells for word in ("--cell", cell))
    tracked = (word for tracker in args.track for word in ("--track", tracker))
    return _command("run", args, *cells, *tracked, *_manner(args))


def _manner(args: Namespace) -> Iterator[str]:
    from .main import parser

    usual = parser("run").parse_args(["run", "any.ticket"])
    for name in MANNER:
        if (value := getattr(args, name)) != getattr(usual, name):
            yield from (f"--{name}", str(value))
    yield from (f"--{name.replace('_', '-')}" for name in SWITCHES if getattr(args, name))


def _command(verb: str, args: Namespace, *more: str) -> str:
    options = again(args.store, args.data, args.settings)
    return " ".join((program(), shlex.join((verb, str(args.spec), *options, *more))))


def program() -> str:
    """What this program is called in the shell that has called it."""
    called = Path(sys.argv[0])
    if which(NAME):
        return NAME
    return shlex.quote(str(called)) if called.name == NAME else f"{shlex.quote(sys.executable)} -m ticketlang"
