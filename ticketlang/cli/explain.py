"""`ticketrun explain CODE`: what a mistake means, with a wrong and a right example."""

from argparse import ArgumentParser, Namespace
from itertools import groupby

from ..diagnostics.explained import Explanation, explanations, title_of
from ..elaborate.nearest import nearest
from .common import DONE, WRONG_USE, complain, console

NAME = "explain"
HELP = "say what a mistake means, with a wrong and a right example"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("code", nargs="?", metavar="CODE", help="as in error[CODE]; without it, all codes are listed")


def main(args: Namespace) -> int:
    if args.code is None:
        _list()
        return DONE
    known = {explanation.code: explanation for explanation in explanations()}
    explanation = known.get(args.code.strip("[]"))
    if explanation is None:
        guess = nearest(args.code, known)
        way_out = f"did you mean `{guess}`?" if guess else "`ticketrun explain` lists all codes"
        return complain(f"there is no code `{args.code}`; {way_out}", WRONG_USE)
    _explain(explanation)
    return DONE


def _explain(explanation: Explanation) -> None:
    from rich.text import Text

    out = console()
    out.print(Text(explanation.code, style="bold"))
    out.print(Text(f"\n{' '.join(explanation.text.split())}"))
    for example in explanation.examples:
        heading, style = ("Wrong", "bold red") if example.kind == "wrong" else ("Right", "bold green")
        where = "" if example.place in {"file", "spec", "alone"} else f", in a {example.place}"
        out.print(Text.assemble("\n", (heading, style), f"{where}:\n"))
        out.print(Text("".join(f"    {line}\n" for line in example.shown.splitlines()).rstrip("\n")), soft_wrap=True)


def _list() -> None:
    from rich.text import Text

    out = console()
    for page, group in groupby(explanations(), key=lambda explanation: explanation.page):
        out.print(Text(f"{title_of(page)}\n", style="bold"))
        for explanation in group:
            sentence = " ".join(explanation.text.split()).partition(". ")[0].rstrip(".")
            out.print(Text(f"  {explanation.code:26}{sentence}"), soft_wrap=not out.is_terminal)
        out.print()
