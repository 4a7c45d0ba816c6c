"""`ticketrun report SPEC`: result tables and verdicts as far as there are results, and a page of them."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from . import doorway
from .common import (
    DONE,
    MACHINE,
    WRONG_USE,
    add_place_arguments,
    add_spec_argument,
    complain,
    complain_of_no_store,
    console,
    put_file,
)
from .folders import put_folder
from .namesakes import page_of
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Evidence, Report, Session

NAME = "report"
HELP = "show result tables and verdicts as far as there are results, and write them as a page"

OURS = b'<meta name="generator" content="ticketlang">'  # in pages that may be written anew without asking
HEAD = 4000  # bytes of a page that it is looked for in


FILES = {  # by option: the ending of its writer, and what is written there
    "csv": (".csv", "every number, a line for each run and metric"),
    "parquet": (".parquet", "the same, with the type of each column"),
    "json": (".json", "all that the report says, and every number"),
    "markdown": (".md", "all that the report says, as text with tables"),
}


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    add_place_arguments(parser)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write the page there (default: beside the store, as STUDY.html)"
    )
    parser.add_argument("--no-html", action="store_true", help="write no page")
    for name, (_, what) in FILES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {what}")
    parser.add_argument(
        "--latex", type=Path, metavar="DIR", help="write tables as booktabs and figures as PDF, ready for a paper"
    )


def main(args: Namespace) -> int:
    def say(session: "Session") -> int:
        if session.store is None:
            return complain_of_no_store(args.store)
        evidence = session.evidence()
        for block in session.report(evidence):
            console().print(block)
        return _write(session, evidence, args)

    return in_session(args, say)


def _write(session: "Session", evidence: "Evidence", args: Namespace) -> int:
    """Write what is asked for, and say where it is."""
    page = None if args.no_html else args.html or page_of(session, args.store)
    files = {ending: path for name, (ending, _) in FILES.items() if (path := getattr(args, name)) is not None}
    if page is not None and args.html is None and not _may_be_replaced(page):
        return complain(f"{page} is there, and no report: say where the page goes with --html FILE", WRONG_USE)
    if page is not None:
        files = {".html": page, **files}
    if not files and args.latex is None:
        return DONE
    from .writing import written

    report = session.whole_report(evidence, written(session.study, args.spec, args.store, args.data, args.settings))
    for suffix, path in files.items():
        if (problem := put_file(path, doorway.report_content(suffix, report))) is not None:
            return complain(problem, MACHINE)
        console().print(f"Wrote {path}", soft_wrap=True)
    return DONE if args.latex is None else _write_latex(report, args.latex)


def _write_latex(report: "Report", folder: Path) -> int:
    removed = put_folder(folder, doorway.latex_files(report))
    if isinstance(removed, str):
        return complain(removed, MACHINE)
    console().print(f"Wrote {folder / 'report.tex'}, and its tables and figures", soft_wrap=True)
    if removed:
        files = "file" if removed == 1 else "files"
        console().print(f"Removed {removed} {files} of an earlier report there that this one has not", soft_wrap=True)
    return DONE


def _may_be_replaced(page: Path) -> bool:
    """Whether nothing is lost: there is no such file, or it is an earlier report."""
    try:
        with page.open("rb") as file:
            return OURS in file.read(HEAD)
    except FileNotFoundError:
        return True
    except OSError:
        return False
