"""`ticketrun status SPEC`: what of a study is done, what somebody is doing now, and what failed and why."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .common import DONE, add_place_arguments, add_spec_argument, add_verify_argument, print_lines
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Session

NAME = "status"
HELP = "show what is done, what is being done, and what failed"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    add_verify_argument(parser)


def main(args: Namespace) -> int:
    from ..display.status import nothing_view, status_view

    def say(session: "Session") -> int:
        plan = session.sound_plan(wholly=args.verify)
        if session.store is None:
            print_lines(nothing_view(plan, args.store))
            return DONE
        running = session.running(plan)
        cost = session.cost(plan.to_run).among(max(1, len(running)))
        print_lines(status_view(plan, running, session.failures(plan), cost, session.standing(plan), session.damaged))
        return DONE

    return in_session(args, say)
