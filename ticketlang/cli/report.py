"""`ticketrun report SPEC`: result tables and verdicts as far as there are results, and a page of them."""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import doorway
from .common import DONE, MACHINE, WRONG_USE, add_place_arguments, add_spec_argument, complain, console, put_file
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Report, Session

NAME = "report"
HELP = "show result tables and verdicts as far as there are results, and write them as a page"

OURS = b'<meta name="generator" content="ticketlang">'  # in pages that may be written anew without asking
HEAD = 4000  # bytes of a page that it is looked for in


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write the page there (default: beside the store, as STUDY.html)"
    )
    parser.add_argument("--no-html", action="store_true", help="write no page")


def main(args: Namespace) -> int:
    def say(session: "Session") -> int:
        if session.store is None:
            return complain(f"nothing was run with the store {args.store}; say which with --store", WRONG_USE)
        for block in session.report():
            console().print(block)
        return _write(session, args)

    return in_session(args, say)


def _write(session: "Session", args: Namespace) -> int:
    """Write what is asked for, and say where it is."""
    page = None if args.no_html else args.html or _usual_place(session, args)
    if page is None:
        return DONE
    if args.html is None and not _may_be_replaced(page):
        return complain(f"{page} is there, and no report: say where the page goes with --html FILE", WRONG_USE)
    report = session.whole_report(_written(session, args))
    for path, content in _files(report, page):
        if (problem := put_file(path, content)) is not None:
            return complain(problem, MACHINE)
        console().print(f"Wrote {path}", soft_wrap=True)
    return DONE


def _files(report: "Report", page: Path) -> Iterator[tuple[Path, bytes]]:
    yield page, doorway.html_page(report).encode()


def _usual_place(session: "Session", args: Namespace) -> Path:
    store: Path = args.store
    return store.parent / f"{session.study.name}.html"


def _may_be_replaced(page: Path) -> bool:
    """Whether nothing is lost: there is no such file, or it is an earlier report."""
    try:
        with page.open("rb") as file:
            return OURS in file.read(HEAD)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _written(session: "Session", args: Namespace) -> "doorway.Written":
    from ..highlighting import highlighted
    from ..library import read_source
    from ..paper import beside_the_paper

    source = read_source(args.spec)
    again = [
        *(() if args.store == Path(".ticketlang") else ("--store", str(args.store))),
        *(() if args.data is None else ("--data", str(args.data))),
        *(word for setting in args.settings for word in ("--set", setting)),
        str(args.spec),
    ]
    return doorway.written(
        () if isinstance(source, str) else highlighted(source.text),
        beside_the_paper(session.study),
        name=args.spec.name,
        show=shlex.join(("ticketrun", "show", *again)),
        run=shlex.join(("ticketrun", "run", *again)),
    )
