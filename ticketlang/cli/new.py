"""`ticketrun new NAME`: a spec to start from. It runs as it stands, in the built-in world, and says what to change."""

import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..vocabulary.words import RESERVED
from .common import DONE, MACHINE, WRONG_USE, complain

NAME = "new"
HELP = "write a spec to start from, which runs as it stands"

ENDING = ".ticket"
PATTERN = Path(__file__).with_name("new.txt")
STUDY_NAME = re.compile(r"[^\W\d][\w-]*")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="NAME", help="of the study; its file is called NAME.ticket")


def main(args: Namespace) -> int:
    path: Path = args.path if args.path.suffix == ENDING else args.path.with_name(args.path.name + ENDING)
    name = path.name.removesuffix(ENDING)
    if not STUDY_NAME.fullmatch(name) or name in RESERVED:
        return complain(f"`{name}` cannot be the name of a study: a name is a word, such as `my_study`", WRONG_USE)
    try:
        # "x": whoever has a file of this name keeps it.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(PATTERN.read_text(encoding="utf-8").replace("NAME", name))
    except FileExistsError:
        return complain(f"{path} is there already; choose another name", WRONG_USE)
    except OSError as problem:
        return complain(f"{path} cannot be written: {problem.strerror or problem}", MACHINE)
    print(f"wrote {path}; `ticketrun run {path}` runs it")
    return DONE
