"""`ticketrun store`: what a store holds, what of it can go, whether it is sound; and studies out of it and into it."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..cost import size_text
from ..plain import plain
from . import doorway
from .common import (
    DONE,
    SPEC_WRONG,
    WRONG_USE,
    add_place_arguments,
    add_setting_argument,
    add_spec_argument,
    add_store_argument,
    complain,
    console,
    read_study,
    show,
)
from .namesakes import namesakes, shown
from .session import in_session
from .verify import looked_at, what_mends

if TYPE_CHECKING:
    from .doorway import Garbage, Session

NAME = "store"
HELP = "look at stored results, clear them out, and take studies out of a store and into it"


def add_arguments(parser: ArgumentParser) -> None:
    ways = parser.add_subparsers(dest="way", required=True, metavar="WAY", title="ways")
    add_store_argument(ways.add_parser("list", help="studies, their results by kind, and when there was last work"))
    add_store_argument(ways.add_parser("size", help="what takes how much room"))
    clear = ways.add_parser("gc", help="drop what none of the given specs needs, after showing it")
    clear.add_argument(
        "specs", type=Path, nargs="+", metavar="SPEC", help="all .ticket files whose results are to stay"
    )
    clear.add_argument(
        "--states",
        action="store_true",
        help="drop weights, too, that trainings left and no job that is still to run begins with or prunes: `verify`"
        " can recompute less then, and a sparser level trains its round anew",
    )
    clear.add_argument("--yes", action="store_true", help="drop it without asking")
    add_setting_argument(clear)
    add_place_arguments(clear)
    check = ways.add_parser("verify", help="recompute what can be recomputed of everything in the store")
    check.add_argument(
        "--set-aside", action="store_true", help="take damaged results out of the way: the next run makes them anew"
    )
    add_store_argument(check)
    out = ways.add_parser("export", help="write the results of a study and its spec as one archive")
    add_spec_argument(out)
    out.add_argument("file", type=Path, metavar="FILE", help="a new file, such as universal.tar")
    out.add_argument("--no-states", action="store_true", help="leave out the weights that trainings left")
    add_place_arguments(out)
    into = ways.add_parser("import", help="check an archive of `export`, and take its results into the store")
    into.add_argument("file", type=Path, metavar="FILE", help="an archive that `ticketrun store export` wrote")
    add_store_argument(into)


def main(args: Namespace) -> int:
    ways = {"list": _list, "size": _size, "gc": _gc, "verify": _verify, "export": _export, "import": _import}
    try:
        return ways[args.way](args)
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    except doorway.refusals() as refusal:
        return complain(str(refusal), WRONG_USE)


def _list(args: Namespace) -> int:
    for line in doorway.list_view(doorway.stock(args.store)):
        console().print(line)
    return DONE


def _size(args: Namespace) -> int:
    for line in doorway.size_view(doorway.stock(args.store)):
        console().print(line)
    return DONE


def _gc(args: Namespace) -> int:
    sessions: list[Session] = []
    for spec in args.specs:
        study = read_study(spec, args.settings)
        if study is None:
            return SPEC_WRONG
        session = doorway.look(study, spec, args.data, args.store)
        if session.gathered.facts is None:
            show(session.gathered.diagnostics)
            return complain(f"which results {spec} needs cannot be known; nothing was dropped", SPEC_WRONG)
        if session.gathered.unpinned:
            named = ", ".join(session.gathered.unpinned)
            return complain(f"{spec} names {named}, not pinned yet: its results cannot be known; run it", SPEC_WRONG)
        sessions.append(session)
    given = {spec.resolve() for spec in args.specs}
    for session in sessions:
        if left := [path for path in namesakes(session) if path not in given]:
            where = ", ".join(map(shown, left))
            return complain(
                f"{where} holds a study called `{session.study.name}`, too, whose results nobody could tell from these:"
                " give that spec as well, or call its study otherwise; nothing was dropped",
                WRONG_USE,
            )
    found = doorway.garbage(args.store, sessions, with_states=args.states)
    for line in doorway.garbage_view(found):
        console().print(line)
    return _drop(args, found) if found else DONE


def _drop(args: Namespace, found: "Garbage") -> int:
    """Ask, and do it. Without an answer nothing is dropped."""
    console().print()
    if not args.yes:
        if not sys.stdin.isatty():
            return complain("nothing was dropped; `--yes` drops it", WRONG_USE)
        try:
            answer = input(f"Drop all of this, {size_text(found.size)}? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in {"y", "yes"}:
            print("Nothing was dropped.")
            return DONE
    with console(stderr=True).status("dropping") as status:
        spared = doorway.drop(args.store, found, lambda done, of: status.update(f"dropping {done + 1} of {of}"))
    console().print(f"Dropped {size_text(found.size)}." if not spared else "Dropped all but what is in use now.")
    return DONE


def _verify(args: Namespace) -> int:
    with looked_at() as looking:
        verified, aside = doorway.verify_store(args.store, looking, sets_aside=args.set_aside)
    for line in verified.view():
        console().print(line, soft_wrap=True)
    if not aside:
        for line in what_mends(verified, args):
            console().print(line, soft_wrap=True)
    for key in aside:
        print(f"{key} was set aside: the next run that needs it makes it anew")
    return SPEC_WRONG if verified.findings else DONE


def _export(args: Namespace) -> int:
    from ..phrasing import statements_of, text_of

    def act(session: "Session") -> int:
        said = text_of(statements_of(session.study))
        exported = session.export_study(said, args.file, with_states=not args.no_states)
        missing = f"; {exported.missing:,} of the study are not there yet" if exported.missing else ""
        size = size_text(exported.size)
        print(plain(f"{args.file}: {exported.results:,} result{'s' * (exported.results != 1)}, {size}{missing}"))
        return DONE

    return in_session(args, act, only_looks=True)


def _import(args: Namespace) -> int:
    imported = doorway.import_study(args.store, args.file)
    there = f", {imported.there:,} were there already" if imported.there else ""
    busy = f", {imported.busy:,} left to whoever is doing or reading them here now" if imported.busy else ""
    print(plain(f"study {imported.study}: {imported.added:,} result{'s' * (imported.added != 1)} added{there}{busy}"))
    print(plain(f"what it says: {imported.spec}"))
    for sentence in imported.differing:
        complain(sentence)
    return SPEC_WRONG if imported.differing else DONE
