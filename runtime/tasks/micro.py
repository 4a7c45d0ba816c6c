"""Columns of the built-in world, made on the spot."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ticketlang.diagnostics import MissingSplit
from ticketlang.study import Task

from .. import micro
from .bad_data import BadData, place_of
from .table import NoSuchColumn, Table

if TYPE_CHECKING:
    from ..facts import DataPlace


def read_micro_split(
    task: Task, place: "DataPlace", split: str, wanted: Sequence[str], most: int | None = None
) -> Table:
    """Make one split.

    Args:
        most: rows; None: all.

    Raises:
        BadData: if the world has no such split.
    """
    found = micro.columns(*_checked(task, place, split), most)
    return Table({column: found[column] for column in wanted if column in found}, tuple(found))


def stream_micro_column(task: Task, place: "DataPlace", split: str, column: str) -> Iterator[Any]:
    """One column of a split, row by row, each made when it is asked for.

    Raises:
        BadData: as above.
        NoSuchColumn: if it has no such column.
    """
    for row in micro.rows(*_checked(task, place, split)):
        if column not in row:
            raise NoSuchColumn(tuple(row))
        yield row[column]


def _checked(task: Task, place: "DataPlace", split: str) -> tuple[str, str, int]:
    """The text, its split and the seed of its world."""
    if place.micro is None:
        raise ValueError(f"the data of {task.name} is not of the built-in world")
    name, seed = place.micro
    splits = tuple(micro.TASKS[name].sizes)
    if split not in splits:
        raise BadData(MissingSplit(at=place_of(task, "splits"), split=split, splits=splits))
    return name, split, seed
