"""`ticketrun report SPEC`: result tables and verdicts as far as there are results; nothing is run."""

from argparse import ArgumentParser, Namespace

from . import doorway
from .common import (
    DONE,
    SPEC_WRONG,
    WRONG_USE,
    add_place_arguments,
    add_spec_argument,
    complain,
    console,
    read_study,
    show,
)

NAME = "report"
HELP = "show result tables and verdicts, as far as there are results"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    study = read_study(args.spec, args.settings)
    if study is None:
        return SPEC_WRONG
    try:
        session = doorway.open_session(study, args.spec, args.data, args.store)
        if session.gathered.facts is None:
            show(session.gathered.diagnostics)
            return SPEC_WRONG
        if session.store is None:
            return complain(f"nothing was run with the store {args.store}; say which with --store", WRONG_USE)
        for block in session.report():
            console().print(block)
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    return DONE
