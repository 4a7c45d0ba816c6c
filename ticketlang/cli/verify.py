"""`ticketrun verify [SPEC]`: stored results against what they claim, recomputed from their files; writes nothing."""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..plain import plain
from . import doorway
from .common import DONE, SPEC_WRONG, add_place_arguments, add_setting_argument, complain, console
from .session import in_session

if TYPE_CHECKING:
    from rich.text import Text

    from .doorway import Looking, Session, Verified

NAME = "verify"
HELP = "check stored results against what they claim, recomputed from their files"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "spec",
        type=Path,
        nargs="?",
        metavar="SPEC",
        help="look at the results of this .ticket file alone (default: at all)",
    )
    add_setting_argument(parser)
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    if args.spec is not None:
        return in_session(args, lambda session: _told_of_study(session, args), only_looks=True)
    try:
        return _told(lambda looking: doorway.verify(args.store, looking), args)
    except doorway.troubles() as trouble:
        return complain(str(trouble))


def _told_of_study(session: "Session", args: Namespace) -> int:
    """What is verified is what is there: how much is not is said, since a forgotten `--set` makes it another study."""
    status = _told(session.verify, args)
    plan = session.plan()
    if plan.to_run:
        console().print(
            f"{len(plan.to_run)} of the {len(plan.jobs)} results of this study are still to be made.", soft_wrap=True
        )
    return status


def _told(verify: "Callable[[Looking], Verified]", args: Namespace) -> int:
    """Verify, and say what was found. Returns the exit status."""
    with looked_at() as looking:
        verified = verify(looking)
    for line in (*verified.view(), *what_mends(verified, args)):
        console().print(line, soft_wrap=True)
    return SPEC_WRONG if verified.findings else DONE


def what_mends(verified: "Verified", args: Namespace) -> "Iterator[Text]":
    """What becomes of results whose files are damaged, and the command that takes them out of the way."""
    from rich.text import Text

    from .onward import again, program

    if not verified.damaged:
        return
    count = len(verified.damaged)
    results, their, them = ("result is", "its", "it") if count == 1 else ("results are", "their", "them")
    command = shlex.join(("store", "verify", "--set-aside", *again(args.store)))
    yield Text()
    yield Text(
        f"{count} {results} damaged. A run that needs {them} makes {them} anew; of damaged weights it finds that out"
        f" when a job reads them. To take {them} out of {their} place now:"
    )
    yield Text(f"  {program()} {plain(command)}")


@contextmanager
def looked_at() -> Iterator["Looking"]:
    """How far a verification is, as a line that is renewed where there is a terminal."""
    with console(stderr=True).status("verifying") as status:

        def looking(done: int, total: int, name: str) -> None:
            status.update(plain(f"verifying {done + 1} of {total}: {name}"))

        yield looking
