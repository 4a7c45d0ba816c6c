"""`ticketrun ticket`: tickets of a study as files and on the hub, and masks that others made."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
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
    "rounds": "one byte a weight, the round in which it was removed: the masks of all rounds up to this one",
    "transformers": "the masked network as its training begins with it, for from_pretrained",
    "bert-tickets": "mask.pt, as the code released with Chen et al. 2020 reads it",
}


def add_arguments(parser: ArgumentParser) -> None:
    ways = parser.add_subparsers(dest="way", required=True, metavar="WAY", title="ways")
    out = ways.add_parser("export", help="write the ticket of a cell into a folder, with a model card")
    _add_ticket_arguments(out)
    out.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new or empty folder")
    into = ways.add_parser(
        "import", help="read a mask that others made, and write it so that studies can start from it"
    )
    into.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="mask.pt of BERT-Tickets, a safetensors file, or the folder of a network whose removed weights are zero",
    )
    into.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, such as mask.safetensors")
    into.add_argument(
        "--sparsity", metavar="PERCENT", help="which mask, such as 50%%, of a file that holds those of all rounds"
    )
    push = ways.add_parser("push", help="export the ticket of a cell to the Hugging Face hub")
    _add_ticket_arguments(push)
    push.add_argument("repository", metavar="NAME", help="on the hub, such as me/imp-mlm-70; it is made if need be")
    push.add_argument("--private", action="store_true", help="a new repository is seen by its owner alone")
    pull = ways.add_parser("pull", help="fetch a ticket from the Hugging Face hub")
    pull.add_argument("repository", metavar="NAME", help="on the hub, such as me/imp-mlm-70")
    pull.add_argument("--revision", metavar="REVISION", help="a branch, tag or commit (default: the newest)")
    pull.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new or empty folder")


def _add_ticket_arguments(parser: ArgumentParser) -> None:
    add_cell_arguments(parser)
    said = "; ".join(f"{name}: {means}" for name, means in LAYOUTS.items())
    parser.add_argument("--format", choices=LAYOUTS, default="safetensors", help=said.replace("%", "%%"))


def main(args: Namespace) -> int:
    return WAYS[args.way](args)


def _export(args: Namespace) -> int:
    def write(session: "Session", plan: Plan, planned: PlannedJob) -> None:
        for path in session.export(args.cell, planned, args.to, args.format):
            print(plain(str(path)))

    return _refusing(lambda: answer(args, write))


def _push(args: Namespace) -> int:
    def send(session: "Session", plan: Plan, planned: PlannedJob) -> None:
        with TemporaryDirectory(prefix="ticketlang-") as folder:
            session.export(args.cell, planned, Path(folder), args.format)
            print(plain(doorway.push(Path(folder), args.repository, args.cell, is_private=args.private)))

    return _refusing(lambda: answer(args, send))


def _pull(args: Namespace) -> int:
    def fetch() -> int:
        for path in doorway.pull(args.repository, args.revision, args.to):
            print(plain(str(path)))
        return DONE

    return _refusing(fetch)


def _import(args: Namespace) -> int:
    def read() -> int:
        given = doorway.import_mask(args.file, args.to, args.sparsity)
        print(plain(f"{args.to}: {_described(given)}"))
        for name in given.collapsed:
            print(plain(f"`{name}` has collapsed: it keeps less than one weight in a hundred"))
        return DONE

    return _refusing(read)


def _refusing(act: Callable[[], int]) -> int:
    """Do something; what it may refuse is one sentence, and the exit status."""
    try:
        return act()
    except doorway.troubles() as trouble:
        return complain(str(trouble))
    except doorway.refusals() as refusal:
        return complain(str(refusal), WRONG_USE)


def _described(given: "Given") -> str:
    share = 100 * given.removed / given.total
    pooler = "" if any(name.startswith("pooler.") for name in given.kept) else ", no pooler among them"
    return f"{len(given.kept)} matrices{pooler}; {given.removed:,} of {given.total:,} weights removed, {share:.2f}%"


WAYS = {"export": _export, "import": _import, "push": _push, "pull": _pull}
