"""`ticketrun status SPEC`: what of a study is done, what somebody is doing now, and what failed and why."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from .common import DONE, add_place_arguments, add_spec_argument, console
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Session

NAME = "status"
HELP = "show what is done, what is being done, and what failed"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    from ..display.status import nothing_view, status_view

    def say(session: "Session") -> int:
        plan = session.plan()
        if session.store is None:
            for line in nothing_view(plan, args.store):
                console().print(line, soft_wrap=True)
            return DONE
        running = session.running(plan)
        cost = session.cost(plan.to_run).among(max(1, len(running)))
        for line in status_view(plan, running, session.failures(plan), cost, session.standing(plan)):
            console().print(line, soft_wrap=True)
        return DONE

    return in_session(args, say)
