"""`ticketrun validate SPEC...`: every mistake at once; nothing is read but the specs and the files they use."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ..study import Study
from .common import DONE, SPEC_WRONG, add_setting_argument, complain, read_spec, show

NAME = "validate"
HELP = "check specs, and report all mistakes at once"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".ticket files")
    add_setting_argument(parser)
    parser.add_argument("--full", action="store_true", help="print each study with every default written out")


def main(args: Namespace) -> int:
    return max(validate(path, args.settings, is_full=args.full) for path in args.specs)


def validate(path: Path, settings: Sequence[str] = (), *, is_full: bool = False) -> int:
    """Check one spec, and say what came of it."""
    read = read_spec(path, settings)
    if isinstance(read, str):
        return complain(f"{path} cannot be read: {read}", SPEC_WRONG)
    source, checked = read
    if checked.diagnostics:
        show(checked.diagnostics, source)
    if checked.study is None:
        return SPEC_WRONG
    if is_full:
        from ..phrasing import statements_of, text_of

        print(text_of(statements_of(checked.study)), end="")
    else:
        print(f"{source.name}: ok, {describe(checked.study)}")
    return DONE


def describe(study: Study) -> str:
    """`study universal: 12 tickets, 11 tasks, 3 runs, 3 claims`."""
    counts = (
        ("ticket", len(study.tickets)),
        ("task", len(study.tasks)),
        ("run", len(study.seeds)),
        ("claim", len(study.claims)),
    )
    said = ", ".join(f"{count} {word}{'s' * (count != 1)}" for word, count in counts)
    return f"study {study.name}: {said}"
