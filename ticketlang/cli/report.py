"""`ticketrun report SPEC`: result tables and verdicts as far as there are results; nothing is run."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .common import DONE, WRONG_USE, add_place_arguments, add_spec_argument, complain, console
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Session

NAME = "report"
HELP = "show result tables and verdicts, as far as there are results"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    def say(session: "Session") -> int:
        if session.store is None:
            return complain(f"nothing was run with the store {args.store}; say which with --store", WRONG_USE)
        for block in session.report():
            console().print(block)
        return DONE

    return in_session(args, say)
