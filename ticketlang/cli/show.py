"""`ticketrun show SPEC CELL`: what a cell is made from, and its scores where it is there."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ..plan import Plan, PlannedJob
from .cells import add_cell_arguments, answer
from .common import console

if TYPE_CHECKING:
    from .doorway import Session

NAME = "show"
HELP = "show what a cell is made from, and its scores"


def add_arguments(parser: ArgumentParser) -> None:
    add_cell_arguments(parser)


def main(args: Namespace) -> int:
    from ..display.cell import cell_view

    def say(session: "Session", plan: Plan, job: PlannedJob) -> None:
        for line in cell_view(plan, args.cell, job, session.result(job)):
            console().print(line, soft_wrap=True)

    return answer(args, say)
