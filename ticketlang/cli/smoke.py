"""`ticketrun smoke SPEC...`: every kind of job of a study, on a small network and a handful of examples."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..plain import plain
from . import doorway
from .common import (
    BY_SIGNAL,
    DONE,
    SOME_FAILED,
    SPEC_WRONG,
    WRONG_USE,
    add_data_argument,
    add_setting_argument,
    complain,
    console,
    read_spec,
    read_study,
    show,
)

if TYPE_CHECKING:
    from ..smoke.smoked import Smoked
    from ..study import Study

NAME = "smoke"
HELP = "run every kind of job of a study on a small network and a handful of examples, in a minute"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".ticket files")
    add_setting_argument(parser)
    add_data_argument(parser)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep what was made, in DIR, which must not exist (default: drop it)"
    )


def main(args: Namespace) -> int:
    if args.keep is not None and args.keep.exists():
        return complain(f"{args.keep} is there already; name a folder that is not", WRONG_USE)
    try:
        status = doorway.stoppable(lambda: _in_a_folder(args))
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    if status > BY_SIGNAL:
        complain("interrupted; what was made is " + ("dropped" if args.keep is None else f"in {args.keep}"))
    return status


def _in_a_folder(args: Namespace) -> int:
    """Everything that is made goes with the folder, however this ends."""
    if args.keep is not None:
        return _smoke_all(args, args.keep)
    with TemporaryDirectory(prefix="ticketlang-smoke-") as folder:
        return _smoke_all(args, Path(folder))


def _smoke_all(args: Namespace, folder: Path) -> int:
    """Each spec in a folder of its own. The status is that of the gravest thing that happened."""
    from ..display.smoke import all_view

    answers: dict[str, Smoked | None] = {}
    statuses: list[int] = []
    for number, path in enumerate(args.specs, start=1):
        answers[str(path)], status = _smoke(path, args, folder / f"{number}-{path.stem}")
        statuses.append(status)
        if status > BY_SIGNAL:
            return status
    if len(answers) > 1:
        console().print("", all_view(answers), sep="\n")
    return next((status for status in (SPEC_WRONG, SOME_FAILED) if status in statuses), DONE)


def _study(path: Path, args: Namespace) -> "Study | None":
    """The study of a spec. Warnings are for who looks at one alone: `validate` says those of many."""
    read = read_spec(path, args.settings)
    if len(args.specs) > 1 and not isinstance(read, str) and read[1].study is not None:
        return read[1].study
    return read_study(path, args.settings)


def _smoke(path: Path, args: Namespace, folder: Path) -> "tuple[Smoked | None, int]":
    """Run one study small, and say what came of it. Returns that, and the exit status."""
    from ..display.smoke import smoked_view, troubles_view
    from ..readiness import what_cannot_run_yet
    from .small_run import Interrupted, run_small

    study = _study(path, args)
    if study is None:
        return None, SPEC_WRONG
    if problems := tuple(what_cannot_run_yet(study)):
        show(problems)
        return None, SPEC_WRONG
    is_one = len(args.specs) == 1
    with _told(path, every_job=is_one) as tell:
        found = run_small(study, path, args.data, folder, tell)
    if isinstance(found, Interrupted):
        return None, BY_SIGNAL + found.by
    if found.problems:
        show(found.problems)
    view = smoked_view if is_one else troubles_view
    for line in view(found):
        console().print(line)
    return found, SPEC_WRONG if found.problems else DONE if found.is_well else SOME_FAILED


@contextmanager
def _told(path: Path, *, every_job: bool) -> Iterator[Callable[[str], None]]:
    """How far it is: a line that is renewed where there is a terminal, and lines one below another elsewhere.

    Args:
        every_job: elsewhere each job has a line; else there is one for the study.
    """
    out = console(stderr=True)
    if out.is_terminal:
        with out.status(plain(f"smoke {path}")) as status:
            yield lambda said: status.update(plain(f"smoke {path}: {said}"))
    else:
        _say(f"smoke {path}")
        yield (lambda said: _say(f"smoke {path}: {said}")) if every_job else lambda said: None


def _say(line: str) -> None:
    print(plain(line), file=sys.stderr, flush=True)
