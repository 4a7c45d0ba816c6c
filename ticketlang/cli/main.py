"""`ticketrun`: which command is meant, and its arguments."""

import gc
import sys
from argparse import Action, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

# Commands by name, in the order of the help; each is a module that is imported when it is used.
COMMANDS = {
    "new": "write a spec to start from, which runs as it stands",
    "validate": "check specs, and report all mistakes at once",
    "list": "say what names there are: of tasks, arms and tickets, of ways to prune, of metrics",
    "explain": "say what a mistake means, with a wrong and a right example",
    "fmt": "write specs in the one canonical form",
    "plan": "show what would run, what is shared, and what is reused",
    "smoke": "run every kind of job of a study on a small network and a handful of examples, in a minute",
    "show": "show what a cell is made from, and its scores",
    "why": "say why a cell is to run, or why it is not",
    "status": "show what is done, what is being done, and what failed",
    "watch": "follow a run from another terminal, or as a page that renews itself",
    "report": "show result tables and verdicts as far as there are results, and write them as a page",
    "diff": "say what two specs say differently, and which jobs follow",
    "pretrain": "do the pre-training that a study holds, and write a model folder",
    "verify": "check stored results against what they claim, recomputed from their files",
    "store": "look at stored results, clear them out, and take studies out of a store and into it",
    "ticket": "take tickets out of a study, and read masks that others made",
    "run": "run what is missing, then show tables and verdicts (the default command)",
}

ABOUT = """\
Check, plan and run lottery-ticket studies written in .ticket files.

to begin:
  ticketrun new my-study        write a spec that runs as it stands
  ticketrun my-study.ticket     run it, and show tables and verdicts
  ticketrun COMMAND --help      say what a command does, and its options"""

STATUSES = """\
exit status:
  0  done, whatever the verdicts
  1  mistakes in the spec, or in what it names; or a check that says no
  2  wrong use of the command
  3  trouble with storage or the machine
  4  some jobs failed; the rest is done
  130, 143  interrupted; what is done is kept"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that the words of a command line ask for. Returns the exit status."""
    words = list(sys.argv[1:] if words is None else words)
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        if (mistyped := _mistyped_command(words)) is not None:
            from .common import WRONG_USE, complain

            return complain(mistyped, WRONG_USE)
        words.insert(0, "run")  # `ticketrun SPEC`
    if not words:
        from .common import WRONG_USE

        parser().print_help(sys.stderr)
        return WRONG_USE
    chosen = words[0]
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no sign for a spread still gets the tables that were computed for it.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = parser(chosen).parse_args(words)
    gc.freeze()  # what importing made is never looked at again
    gc.enable()
    try:
        status: int = args.main(args)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nobody is left to be told.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        from signal import SIGINT

        print("ticketrun: interrupted; what is done is kept", file=sys.stderr)
        return 128 + SIGINT
    except OSError as problem:  # of a file that a study reads: what the store meets has sentences of its own
        from .common import complain

        named = f": {problem.filename}" if problem.filename else ""
        return complain(f"this machine refuses: {problem.strerror or problem}{named}")
    return status


def _mistyped_command(words: Sequence[str]) -> str | None:
    """What is wrong with a first word that is neither a command nor a spec. None: it may be a spec."""
    from difflib import get_close_matches
    from pathlib import Path

    said = words[0]
    if Path(said).suffix or Path(said).name != said or Path(said).exists():
        return None
    near = get_close_matches(said.lower(), COMMANDS, n=1)
    names_a_spec = len(words) > 1 and not words[1].startswith("-")  # and `run` takes one
    if not near and not names_a_spec:
        return None
    hint = f"did you mean `{near[0]}`?" if near else "`ticketrun --help` names all there are"
    return f"`{said}` is no command; {hint}"


def parser(chosen: str | None = None) -> ArgumentParser:
    """The command line.

    Args:
        chosen: the command that will be used: it alone is needed, with its arguments; else all are known by name.
    """
    top = ArgumentParser(
        prog="ticketrun",
        description=ABOUT,
        epilog=STATUSES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="say which release this is, and exit")
    # Said, since to find it out argparse would draw a help that nobody asked for.
    commands = top.add_subparsers(prog="ticketrun", dest="command", required=True, metavar="COMMAND", title="commands")
    for name in COMMANDS if chosen not in COMMANDS else (chosen,):
        help_ = COMMANDS[name]
        command = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        if name == chosen:
            module: Any = import_module(f".{name}", __package__)
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    return top


class _Version(Action):
    """Looks the release up when somebody asks for it: to do so at each start would take longer than a check."""

    def __call__(self, parser: ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version
        from platform import python_version

        try:
            release = version("ticketlang")
        except PackageNotFoundError:  # a clone that is not installed
            release = "of no release"
        print(f"ticketlang {release}, Python {python_version()}")
        parser.exit()
