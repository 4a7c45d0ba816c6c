"""`ticketrun why SPEC CELL`: why a cell is to run, or why it is not."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ..plan import Plan, PlannedJob
from .cells import add_cell_arguments, answer
from .common import print_lines

if TYPE_CHECKING:
    from .doorway import Session

NAME = "why"
HELP = "say why a cell is to run, or why it is not"


def add_arguments(parser: ArgumentParser) -> None:
    add_cell_arguments(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="name each job in between, and all that the store's is unlike in"
    )


def main(args: Namespace) -> int:
    from ..display.cell import cause_view
    from ..reasons import cause_of

    def say(session: "Session", plan: Plan, job: PlannedJob) -> None:
        cause = cause_of(plan, job.key, session.remembered())
        print_lines(cause_view(args.cell, job, cause, every_step=args.verbose))

    return answer(args, say)
