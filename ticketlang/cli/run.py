"""`ticketrun run SPEC`: run what is missing, live; then the result tables, and the verdict on each claim."""

from argparse import ArgumentParser, Namespace

from ..study import Study
from . import doorway
from .cells import add_cell_option, narrowed
from .common import (
    BY_SIGNAL,
    DONE,
    SOME_FAILED,
    SPEC_WRONG,
    WRONG_USE,
    add_place_arguments,
    add_spec_argument,
    complain,
    console,
    read_study,
    show,
)

NAME = "run"
HELP = "run what is missing, then show tables and verdicts (the default command)"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    add_cell_option(parser)
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu, cuda, cuda:1 ... (default: a GPU when there is one)"
    )


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

    session = doorway.open_session(study, args.spec, args.data, args.store)
    if problems := tuple(what_cannot_run_yet(study)) or session.gathered.diagnostics or session.make_ready():
        show(problems)
        return SPEC_WRONG
    for sentence in session.damaged:
        complain(f"{sentence}; it is made anew")
    if isinstance(plan := narrowed(session.plan(), args.cells), str):
        return complain(plan, WRONG_USE)
    session.wanted = tuple(args.cells)
    session.remember_run(text_of(statements_of(study)))
    console().print(heading(study), "", summary(plan, session.cost(plan.to_run)), "", sep="\n")
    ran = session.run(doorway.listener(console().is_terminal), args.device) if plan.to_run else None
    for block in session.report():
        console().print(block)
    if ran is None:
        return DONE
    if ran.interrupted is not None:
        return BY_SIGNAL + ran.interrupted
    return SOME_FAILED if ran.failed else DONE
