"""`ticketrun ticket export` and `import`: tickets of a study as files, and masks that others made."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..plain import plain
from ..plan import Plan, PlannedJob
from . import doorway
from .cells import add_cell_arguments, answer
from .common import DONE, WRONG_USE, complain

if TYPE_CHECKING:
    from .doorway import Given, Session

NAME = "ticket"
HELP = "take tickets out of a study, and read masks that others made"

LAYOUTS = {
    "safetensors": "the mask, one bit a weight, with spec and certificate in its metadata (default)",
    "transformers": "the masked network as its training begins with it, for from_pretrained",
    "bert-tickets": "mask.pt, as the code released with Chen et al. 2020 reads it",
}


def add_arguments(parser: ArgumentParser) -> None:
    ways = parser.add_subparsers(dest="way", required=True, metavar="WAY", title="ways")
    out = ways.add_parser("export", help="write the ticket of a cell into a folder")
    add_cell_arguments(out)
    out.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new or empty folder")
    said = "; ".join(f"{name}: {means}" for name, means in LAYOUTS.items())
    out.add_argument("--format", choices=LAYOUTS, default="safetensors", help=said.replace("%", "%%"))
    into = ways.add_parser("import", help="read a mask file, and write it so that studies can start from it")
    into.add_argument("file", type=Path, metavar="FILE", help="mask.pt of BERT-Tickets, or a safetensors file")
    into.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, such as mask.safetensors")


def main(args: Namespace) -> int:
    return _export(args) if args.way == "export" else _import(args)


def _export(args: Namespace) -> int:
    def write(session: "Session", plan: Plan, planned: PlannedJob) -> None:
        for path in session.export(args.cell, planned, args.to, args.format):
            print(plain(str(path)))

    try:
        return answer(args, write)
    except doorway.refusals() as refusal:
        return complain(str(refusal), WRONG_USE)


def _import(args: Namespace) -> int:
    try:
        given = doorway.import_mask(args.file, args.to)
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    except doorway.refusals() as refusal:
        return complain(str(refusal), WRONG_USE)
    print(plain(f"{args.to}: {_described(given)}"))
    for name in given.collapsed:
        print(plain(f"`{name}` has collapsed: it keeps less than one weight in a hundred"))
    return DONE


def _described(given: "Given") -> str:
    share = 100 * given.removed / given.total
    pooler = "" if any(name.startswith("pooler.") for name in given.kept) else ", no pooler among them"
    return f"{len(given.kept)} matrices{pooler}; {given.removed:,} of {given.total:,} weights removed, {share:.2f}%"
