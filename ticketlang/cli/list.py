"""`ticketrun list WHAT [FILE]`: which names there are, in files and in the language."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from .common import DONE, SPEC_WRONG, complain, console

NAME = "list"
HELP = "say what names there are: of tasks, arms and tickets, of ways to prune, of metrics"

DECLARED = ("tasks", "groups", "arms", "tickets")
WORDS = ("kinds", "metrics", "prunings", "scopes", "sections")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=(*DECLARED, *WORDS, "libraries"), help="the kind of names")
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="names in sight of this spec, or of one that ships (default: all that ship)",
    )


def main(args: Namespace) -> int:
    from ..display.names import declared_view, words_view
    from ..library import FromDisk
    from ..names import in_sight, words

    if args.what in WORDS:
        console().print(words_view(words(args.what)))
        return DONE
    shipped = FromDisk().shipped_names()
    if args.what == "libraries":
        console().print("\n".join(shipped))
        return DONE
    for name in shipped if args.file is None else (args.file,):
        found = in_sight(name if name in shipped else Path(name), args.what.removesuffix("s"))
        if isinstance(found, str):
            return complain(f"{name} cannot be read: {found}", SPEC_WRONG)
        if found:
            console().print(declared_view(name, found))
    return DONE
