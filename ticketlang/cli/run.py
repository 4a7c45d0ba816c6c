"""`ticketrun run SPEC`: run what is missing, live; then the result tables, and the verdict on each claim."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from ..plan import Plan
from ..study import Study
from . import doorway
from .cells import add_cell_option, narrowed
from .common import (
    BY_SIGNAL,
    DONE,
    SOME_FAILED,
    SPEC_WRONG,
    WRONG_USE,
    add_checkpoint_argument,
    add_place_arguments,
    add_spec_argument,
    complain,
    console,
    read_study,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .doorway import Ran, Session, Staff

NAME = "run"
TRACKERS = ("tensorboard", "wandb", "trackio")
HELP = "run what is missing, then show tables and verdicts (the default command)"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    add_cell_option(parser)
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu, cuda, cuda:1 ... (default: a GPU when there is one)"
    )
    parser.add_argument(
        "--track",
        action="append",
        default=[],
        choices=TRACKERS,
        help="tell an experiment tracker of every training, too: learning curve, scores and settings (default: none)",
    )
    _add_manner_arguments(parser)


def _add_manner_arguments(parser: ArgumentParser) -> None:
    """How jobs are done, and what follows a failure."""
    parser.add_argument(
        "--workers",
        type=_count_or_auto,
        metavar="N",
        help="do N jobs at once, each in a process of its own; `auto`, the default: one for each free core or for each"
        " GPU, and no more than there is work and memory for",
    )
    parser.add_argument(
        "--threads",
        type=_count,
        metavar="N",
        help="of each worker (default: OMP_NUM_THREADS, or 1); another number may change the last digits of results",
    )
    parser.add_argument(
        "--retry",
        type=_count_or_none,
        default=0,
        metavar="N",
        help="try a job that failed by accident up to N times more (default: 0); not one that would fail again",
    )
    add_checkpoint_argument(parser)
    parser.add_argument(
        "--lean",
        action="store_true",
        help="drop trained weights as soon as no job of the plan begins with them or prunes them (default: where the"
        " disk has no room for all of them); `verify` can recompute less then, and a sparser level trains its round"
        " anew",
    )
    after = parser.add_mutually_exclusive_group()
    after.add_argument(
        "--keep-going",
        action="store_true",
        help="after a failure do all that does not depend on it (the default)",
    )
    after.add_argument(
        "--fail-fast", action="store_true", help="after a failure finish what is running, and begin nothing more"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"`{text}` is no number from 1 on")
    return int(text)


def _count_or_none(text: str) -> int:
    return 0 if text == "0" else _count(text)


def _count_or_auto(text: str) -> int | None:
    return None if text == "auto" else _count(text)


def main(args: Namespace) -> int:
    study = read_study(args.spec, args.settings)
    if study is None:
        return SPEC_WRONG
    try:
        return run(study, args)
    except doorway.troubles() as trouble:
        return complain(str(trouble))


def run(study: Study, args: Namespace) -> int:
    """Refuse what cannot run before any job; run the rest; show what came of it."""
    from ..display.plan import heading, summary
    from ..phrasing import statements_of, text_of
    from ..readiness import what_cannot_run_yet
    from .namesakes import namesakes, page_of, told
    from .onward import after_a_run, after_an_interruption

    session = doorway.open_session(study, args.spec, args.data, args.store)
    if problems := tuple(what_cannot_run_yet(study)) or session.gathered.diagnostics or session.make_ready():
        show(problems)
        return SPEC_WRONG
    for sentence in session.damaged:
        complain(f"{sentence}; it is made anew")
    if others := namesakes(session):
        complain(told(study.name, others))
    if isinstance(plan := narrowed(session.plan(), args.cells), str):
        return complain(plan, WRONG_USE)
    session.wanted = tuple(args.cells)
    session.remember_run(text_of(statements_of(study)))
    staff = session.staff(plan, args.device, args.workers, args.threads) if plan.to_run else None
    cost = session.cost(plan.to_run).among(staff.workers if staff else 1)
    console().print(heading(study), "", summary(plan, cost), "", sep="\n")
    ran = _run(session, staff, args, is_tight=_is_tight(session, plan, staff)) if staff else None
    if ran is not None and ran.interrupted is not None:
        console().line()
        _say(after_an_interruption(args))
        return BY_SIGNAL + ran.interrupted  # whoever wants to leave is not kept waiting for tables
    for block in session.report(session.evidence()):
        console().print(block)
    has_failed = ran is not None and bool(ran.failed)
    _say(after_a_run(page_of(session, args.store), args, has_failed=has_failed))
    return SOME_FAILED if has_failed else DONE


def _say(told: "Iterable[tuple[str, str]]") -> None:
    """Commands stay whole: they are there to be pasted."""
    from ..display.onward import onward_view

    for line in onward_view(told):
        console().print(line, soft_wrap=True)


def _is_tight(session: "Session", plan: Plan, staff: "Staff") -> bool:
    """Whether trained weights have to go early, so that the disk takes the rest; told, as is that it will not do."""
    from ..cost import size_text

    room = session.room(plan, staff.workers)
    if room is not None and (room.is_tight or room.is_missing):
        kept, lean, free = size_text(room.kept), size_text(room.lean), size_text(room.free)
        if room.is_missing:
            complain(f"this needs about {lean} of disk at its peak, and {free} are free; it goes as far as it can")
        else:
            complain(f"{free} of disk are free, and all of this takes {kept}: it goes on as with --lean, with {lean}")
    return room is not None and (room.is_tight or room.is_missing)


def _run(session: "Session", staff: "Staff", args: Namespace, *, is_tight: bool) -> "Ran":
    console().print(f"{staff}{_hint(staff)}", "", sep="\n")
    terms = doorway.terms(retries=args.retry, fails_fast=args.fail_fast, drops_states=args.lean or is_tight)
    listener = doorway.listener(console().is_terminal)
    for name in args.track:
        listener = doorway.tracking(listener, name, session)
    return session.run(listener, args.device, staff, terms, args.checkpoint)


def _hint(staff: "Staff") -> str:
    """Where cores would be idle, how to use them."""
    more = staff.idle // staff.workers
    return f"; --threads {staff.threads + more} would use all cores" if more else ""
