"""`ticketrun validate SPEC...`: every mistake at once; nothing is read but the specs and the files they use."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ..library import read_source
from ..parse import parse
from ..pipeline import Checked, fixed_text
from ..plain import plain
from ..source import Source
from ..study import Study
from .common import DONE, MACHINE, SPEC_WRONG, add_setting_argument, complain, read_spec, replace_text, show

NAME = "validate"
HELP = "check specs, and report all mistakes at once"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".ticket files")
    add_setting_argument(parser)
    parser.add_argument(
        "--fix", action="store_true", help="first mend, in the files themselves, what can only be mended in one way"
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--full", action="store_true", help="print each study with every default written out")
    forms.add_argument("--json", action="store_true", help="print what was found as JSON, with byte and line positions")
    forms.add_argument("--concise", action="store_true", help="print each mistake on one line: FILE:LINE:COLUMN: ...")


def main(args: Namespace) -> int:
    if args.fix:
        for path in args.specs:
            if (problem := _fix(path)) is not None:
                return complain(problem, MACHINE)
    answers = {str(path): _check(path, args.settings) for path in args.specs}
    if args.json:
        from ..display.machine import as_json

        print(as_json(answers))
    else:
        for name, answer in answers.items():
            _say(name, answer, args)
    return DONE if all(isinstance(answer, Checked) and answer.study for answer in answers.values()) else SPEC_WRONG


def _fix(path: Path) -> str | None:
    """Mend a file, again where one fix uncovers another mistake. Says why if it cannot be written."""
    source = read_source(path)
    if isinstance(source, str):
        return None  # the check says so
    text, fixed = fixed_text(source)
    if not fixed:
        return None
    if (problem := replace_text(path, text)) is not None:
        return problem
    complain(f"mended {fixed} mistake{'s' * (fixed != 1)} in {path}")
    return None


def _check(path: Path, settings: Sequence[str]) -> Checked | str:
    """What was found in a spec, or why it cannot be read."""
    read = read_spec(path, settings)
    return f"{path} cannot be read: {read}" if isinstance(read, str) else read[1]


def _say(name: str, answer: Checked | str, args: Namespace) -> None:
    if isinstance(answer, str):
        complain(answer)
        return
    if args.concise:
        from ..display.machine import concise

        for diagnostic in answer.diagnostics:
            print(concise(diagnostic))
    elif answer.diagnostics:
        show(answer.diagnostics, name)
    if answer.study is not None and not args.concise:
        print(_shown(_whole(answer.study)) if args.full else plain(f"{name}: ok, {describe(answer.study)}"))


def _shown(spec: str) -> str:
    """As it is for a file or a program; in a terminal nothing of it moves the cursor or turns the line."""
    return "\n".join(map(plain, spec.split("\n"))) if sys.stdout.isatty() else spec


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
