"""`ticketrun watch SPEC`: how a run somewhere else goes on, in this terminal or as a page that renews itself."""

import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..jobs import inputs_of
from . import doorway
from .common import DONE, SOME_FAILED, add_place_arguments, add_spec_argument, complain_of_no_store, console
from .session import in_session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..plan import Plan
    from .doorway import Session

NAME = "watch"
HELP = "follow a run from another terminal, or as a page that renews itself"
PORT = 8765
LOOK = 2.0  # seconds between two looks
LOOK_AT_PAGE = 10.0  # the same, at a page, which takes longer to make
WAITS = "This waits until somebody runs it; Ctrl-C ends the waiting."


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    parser.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="how often to look (default: 2 seconds; of a page, 10)"
    )
    parser.add_argument(
        "--serve",
        type=_port,
        nargs="?",
        const=PORT,
        metavar="PORT",
        help=f"serve the report as a page to this machine alone (default port: {PORT}; 0: any that is free)",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise ArgumentTypeError(f"`{text}` is no number of seconds from 0.1 to 3600")
    return seconds


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise ArgumentTypeError(f"`{text}` is no port: they are numbers up to 65535")
    return int(text)


def main(args: Namespace) -> int:
    def act(session: "Session") -> int:
        return _follow(session, args) if args.serve is None else _serve(session, args)

    return in_session(args, act)


def _follow(session: "Session", args: Namespace) -> int:
    """Show how the run stands until nothing is left to do; Ctrl-C leaves, and the run goes on."""
    if session.store is None and not console().is_terminal:
        return complain_of_no_store(args.store)  # nobody who would mend a mistyped place sees that it waits
    show = _drawn if console().is_terminal else _as_lines
    return show(session, lambda: _seen(session, args), args.every or LOOK)


def _drawn(session: "Session", look: Callable[[], tuple["Plan", Sequence["RenderableType"]]], every: float) -> int:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    with Live(console=console(), auto_refresh=False, transient=False) as live:
        while True:
            plan, lines = look()
            status = _ended(session, plan)
            waits = () if status is not None or session.running(plan) else (Text(WAITS, style="dim"),)
            live.update(Group(*lines, *waits), refresh=True)
            if status is not None:
                return status
            time.sleep(every)


def _as_lines(session: "Session", look: Callable[[], tuple["Plan", Sequence["RenderableType"]]], every: float) -> int:
    """The summary alone, whenever it says something new: for a pipe or a log file."""
    told = ""
    while True:
        plan, lines = look()
        status = _ended(session, plan)
        said = str(lines[-1]) if status is not None or session.running(plan) else f"{lines[-1]} {WAITS}"
        if said != told:
            console().print(said, soft_wrap=True)
            told = said
        if status is not None:
            return status
        time.sleep(every)


def _ended(session: "Session", plan: "Plan") -> int | None:
    """The exit status, once everything is done, or nothing is left but what failed and what waits for it."""
    if not plan.to_run:
        return DONE
    failed = set(session.failures(plan))
    if not failed or session.running(plan):
        return None
    for job in plan.to_run:  # in an order that can run
        if not failed.isdisjoint(inputs_of(job.job)):
            failed.add(job.key)
    return SOME_FAILED if all(job.key in failed for job in plan.to_run) else None


def _seen(session: "Session", args: Namespace) -> tuple["Plan", Sequence["RenderableType"]]:
    from ..display.status import nothing_view, status_view

    session.find_store()
    plan = session.sound_plan()
    if session.store is None:
        return plan, tuple(nothing_view(plan, args.store))
    running = session.running(plan)
    cost = session.cost(plan.to_run).among(max(1, len(running)))
    return plan, tuple(status_view(plan, running, session.failures(plan), cost, damaged=session.damaged))


def _serve(session: "Session", args: Namespace) -> int:
    from .writing import written

    said = written(session.study, args.spec, args.store, args.data, args.settings)

    def page() -> bytes:
        session.find_store()
        return doorway.report_content(".html", session.report_now(said))

    with doorway.served(page, args.serve, args.every or LOOK_AT_PAGE) as address:
        console().print(f"Serving {address} to this machine; Ctrl-C ends that, and no run", soft_wrap=True)
        while True:
            time.sleep(3600)
