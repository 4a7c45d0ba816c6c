"""`ticketrun validate SPEC...`: every mistake at once; nothing is read but the specs and the files they use."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ..display.machine import Answer, as_json, concise
from ..parse import parse
from ..source import Source
from ..study import Study
from .common import DONE, SPEC_WRONG, add_setting_argument, complain, read_spec, show

NAME = "validate"
HELP = "check specs, and report all mistakes at once"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".ticket files")
    add_setting_argument(parser)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--full", action="store_true", help="print each study with every default written out")
    forms.add_argument("--json", action="store_true", help="print what was found as JSON, with byte and line positions")
    forms.add_argument("--concise", action="store_true", help="print each mistake on one line: FILE:LINE:COLUMN: ...")


def main(args: Namespace) -> int:
    checked = [_check(path, args.settings) for path in args.specs]
    if args.json:
        print(as_json(checked))
    else:
        for one in checked:
            _say(one, args)
    return SPEC_WRONG if any(one.study is None for one in checked) else DONE


def _check(path: Path, settings: Sequence[str]) -> Answer:
    read = read_spec(path, settings)
    if isinstance(read, str):
        return Answer(Source(str(path), ""), None, (), f"{path} cannot be read: {read}")
    source, checked = read
    return Answer(source, checked.study, checked.diagnostics)


def _say(answer: Answer, args: Namespace) -> None:
    if answer.unreadable is not None:
        complain(answer.unreadable)
    elif args.concise:
        for diagnostic in answer.diagnostics:
            print(concise(diagnostic))
    elif answer.diagnostics:
        show(answer.diagnostics, answer.source)
    if answer.study is not None and not args.concise:
        print(_whole(answer.study) if args.full else f"{answer.source.name}: ok, {describe(answer.study)}")


def _whole(study: Study) -> str:
    """The study with every default written out, in the canonical form."""
    from ..formatting import formatted
    from ..phrasing import statements_of, text_of

    tree, _ = parse(Source(study.name, text_of(statements_of(study))))
    assert tree is not None
    return formatted(tree).rstrip("\n")


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
