"""`ticketrun fmt SPEC...`: write specs in the one canonical form; what they say stays as it is."""

import sys
from argparse import ArgumentParser, Namespace
from difflib import unified_diff
from pathlib import Path

from ..diagnostics import Diagnostic
from ..formatting import formatted
from ..library import read_source
from ..parse import parse
from ..source import Source
from .common import DONE, MACHINE, SPEC_WRONG, complain, replace_text, show

NAME = "fmt"
HELP = "write specs in the one canonical form"
STANDARD_INPUT = Path("-")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "specs", type=Path, nargs="+", metavar="SPEC", help=".ticket files; -: from standard input to output"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; say which files would change, and exit with 1"
    )
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and exit with 1")


def main(args: Namespace) -> int:
    return max(_format(path, args) for path in args.specs)


def _format(path: Path, args: Namespace) -> int:
    is_stream = path == STANDARD_INPUT
    source = Source("<stdin>", sys.stdin.read()) if is_stream else read_source(path)
    if isinstance(source, str):
        return complain(f"{path} cannot be read: {source}", SPEC_WRONG)
    text = _canonical(source)
    if not isinstance(text, str):
        show(text, source.name)
        return SPEC_WRONG
    if args.check or args.diff:
        return _report(source, text, shows_diff=args.diff)
    if is_stream:
        print(text, end="")
        return DONE
    if text.encode() == path.read_bytes():
        return DONE
    if (problem := replace_text(path, text)) is not None:
        return complain(problem, MACHINE)
    print(f"formatted {path}")
    return DONE


def _canonical(source: Source) -> str | tuple[Diagnostic, ...]:
    """The canonical text, or the mistakes of writing that stand in its way."""
    tree, malformed = parse(source)
    return malformed if malformed or tree is None else formatted(tree)


def _report(source: Source, text: str, *, shows_diff: bool) -> int:
    if text == source.text:
        return DONE
    if shows_diff:
        before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
        print("".join(unified_diff(before, after, source.name, f"{source.name}, formatted")), end="")
    else:
        print(f"{source.name} would change")
    return SPEC_WRONG
