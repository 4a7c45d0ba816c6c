"""`ticketrun status SPEC`: what of a study is done, what somebody is doing now, and what failed and why."""

from argparse import ArgumentParser, Namespace

from . import doorway
from .common import DONE, SPEC_WRONG, add_place_arguments, add_spec_argument, complain, console, read_study, show

NAME = "status"
HELP = "show what is done, what is being done, and what failed"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    study = read_study(args.spec, args.settings)
    if study is None:
        return SPEC_WRONG
    from ..display.status import status_view

    try:
        session = doorway.open_session(study, args.spec, args.data, args.store)
        if session.gathered.facts is None:
            show(session.gathered.diagnostics)
            return SPEC_WRONG
        plan = session.plan()
        for line in status_view(plan, session.running(plan), session.failures(plan)):
            console().print(line, soft_wrap=True)
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    return DONE
