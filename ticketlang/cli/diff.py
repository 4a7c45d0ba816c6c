"""`ticketrun diff A B`: what two specs say differently, in the language's own words, and the jobs that follow.

With one spec: what it says differently since it was last run with this store.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..pipeline import check
from ..source import Source
from ..study import Study
from . import doorway
from .common import DONE, SPEC_WRONG, WRONG_USE, add_place_arguments, complain, console, read_study

NAME = "diff"
HELP = "say what two specs say differently, and which jobs follow"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="A", help="a .ticket file")
    parser.add_argument(
        "after", type=Path, nargs="?", metavar="B", help="another (default: A is compared with its last run)"
    )
    add_place_arguments(parser)


def main(args: Namespace) -> int:
    try:
        return _compare_with_last_run(args) if args.after is None else _compare_specs(args)
    except doorway.troubles() as trouble:
        return complain(str(trouble))


def _compare_specs(args: Namespace) -> int:
    before, after = read_study(args.before), read_study(args.after)
    if before is None or after is None:
        return SPEC_WRONG
    ours, theirs = _open(before, args.before, args), _open(after, args.after, args)
    return _say(ours, theirs, is_of_last_run=False)


def _compare_with_last_run(args: Namespace) -> int:
    after = read_study(args.before)
    if after is None:
        return SPEC_WRONG
    session = _open(after, args.before, args)
    if (said := session.last_run()) is None:
        return complain(f"the study {after.name} was not run with the store {args.store}", WRONG_USE)
    before = check(Source("its last run", said)).study
    if before is None:
        return complain("what the study said when it was last run is no longer understood by this release")
    return _say(_open(before, args.before, args), session, is_of_last_run=True)


def _open(study: Study, spec: Path, args: Namespace) -> "doorway.Session":
    return doorway.open_session(study, spec, args.data, args.store)


def _say(before: "doorway.Session", after: "doorway.Session", *, is_of_last_run: bool) -> int:
    from ..differences import differences
    from ..display.differences import LAST_RUN, TWO_SPECS, differences_view, jobs_view

    names = LAST_RUN if is_of_last_run else TWO_SPECS
    for line in differences_view(differences(before.study, after.study), names):
        console().print(line, soft_wrap=True)
    console().print()
    for session in (before, after):
        if session.gathered.facts is None:
            problem = session.gathered.diagnostics[0].message
            return complain(f"their jobs cannot be compared here: {session.spec}: {problem}", DONE)
    ours, theirs = before.plan(), after.plan()
    new = tuple(job for key, job in theirs.jobs.items() if key not in ours.jobs)
    cost = after.cost(job for job in new if not job.is_reused)
    console().print(jobs_view(ours, theirs, new, cost, names), soft_wrap=True)
    return DONE
