"""What the commands about single cells have in common: finding the one that is meant."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..plan import Plan, PlannedJob
from .common import DONE, WRONG_USE, add_place_arguments, add_spec_argument, complain
from .session import in_session

if TYPE_CHECKING:
    from .doorway import Session

Answer = Callable[["Session", Plan, PlannedJob], None]


def add_cell_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    parser.add_argument(
        "cell",
        metavar="CELL",
        help="as in tables and in progress: imp/mlm@70%%/qnli/seed=3, or the mask imp/mlm@50%%/seed=3",
    )
    add_place_arguments(parser)


def answer(args: Namespace, say: Answer) -> int:
    """Plan the study, find the cell, and say something about it."""

    def find(session: "Session") -> int:
        plan = session.sound_plan()
        for sentence in session.damaged:
            complain(f"{sentence}; `run` makes it anew")
        job = plan.named(args.cell)
        if job is None:
            return complain(no_such_cell(plan, args.cell), WRONG_USE)
        say(session, plan, job)
        return DONE

    return in_session(args, find)


def narrowed(plan: Plan, names: Sequence[str]) -> Plan | str:
    """The part of a plan that some cells or other jobs need, or a sentence on the first that there is not."""
    for name in names:
        if plan.named(name) is None:
            return no_such_cell(plan, name)
    return plan.narrowed_to(names) if names else plan


def add_cell_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--cell",
        dest="cells",
        action="append",
        default=[],
        metavar="CELL",
        help="look at this cell alone, and at what it needs: imp/mlm@70%%/qnli/seed=3 (may be repeated)",
    )


def no_such_cell(plan: Plan, name: str) -> str:
    from ..reasons import listed, nearest_cells

    near = nearest_cells(plan, name)
    way_out = f"the nearest are {listed(near)}" if near else "`ticketrun plan --verbose` lists them"
    return f"the study has no cell or mask `{name}`; {way_out}"
