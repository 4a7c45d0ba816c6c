"""`ticketrun diff A B`: what two specs say differently, in the language's own words, and the jobs that follow."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..plan import Plan
from ..study import Study
from . import doorway
from .common import DONE, SPEC_WRONG, add_place_arguments, complain, console, read_study

NAME = "diff"
HELP = "say what two specs say differently, and which jobs follow"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="A", help="a .ticket file")
    parser.add_argument("after", type=Path, metavar="B", help="another")
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    from ..differences import differences
    from ..display.differences import differences_view, jobs_view

    before, after = read_study(args.before), read_study(args.after)
    if before is None or after is None:
        return SPEC_WRONG
    for line in differences_view(differences(before, after)):
        console().print(line, soft_wrap=True)
    try:
        plans = [_plan(study, path, args) for study, path in ((before, args.before), (after, args.after))]
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    console().print()
    console().print(jobs_view(*plans), soft_wrap=True)
    return DONE


def _plan(study: Study, spec: Path, args: Namespace) -> Plan | str:
    """The plan of a study, or why there is none on this machine."""
    session = doorway.open_session(study, spec, args.data, args.store)
    if session.gathered.facts is None:
        return f"{spec}: {session.gathered.diagnostics[0].message}"
    return session.plan()
