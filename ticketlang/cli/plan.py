"""`ticketrun plan SPEC`: what would run and why, what is shared, what is reused; nothing is run."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .cells import add_cell_option, narrowed
from .common import DONE, WRONG_USE, add_place_arguments, add_spec_argument, add_verify_argument, complain, print_lines
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Session

NAME = "plan"
HELP = "show what would run, what is shared, and what is reused"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    add_cell_option(parser)
    add_verify_argument(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="list every job with the cells that ask for it")


def main(args: Namespace) -> int:
    from ..display.plan import plan_view
    from ..readiness import what_cannot_run_yet

    def say(session: "Session") -> int:
        plan = narrowed(session.sound_plan(wholly=args.verify), args.cells)
        if isinstance(plan, str):
            return complain(plan, WRONG_USE)
        refused = [f"{problem.message}; `run` refuses it" for problem in what_cannot_run_yet(session.study)]
        cost = session.cost(plan.to_run)
        room = session.room(plan) if plan.to_run else None
        disk = None if room is None else (room.kept, room.lean, room.free)
        print_lines(
            plan_view(
                plan,
                session.gathered.unpinned,
                refused,
                cost=cost,
                disk=disk,
                damaged=session.damaged,
                every_job=args.verbose,
            )
        )
        return DONE

    return in_session(args, say)
