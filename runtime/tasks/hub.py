"""Columns of a data set on the Hugging Face hub, at a pinned commit."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketlang.diagnostics import HubUnreachable, MissingSplit
from ticketlang.study import Task

from .bad_data import BadData, place_of
from .table import NoSuchColumn, Table

if TYPE_CHECKING:
    from ..facts import DataPlace


ROWS = 1000  # that are in memory at once


def read_hub_split(task: Task, place: "DataPlace", split: str, wanted: Sequence[str]) -> Table:
    """Fetch one split, or take it from the local cache.

    Raises:
        BadData: if it cannot be had, or has no such split.
    """
    found = _fetch(task, place, split)
    columns = {column: list(found[column]) for column in wanted if column in found.column_names}
    return Table(columns, tuple(found.column_names))


def stream_hub_column(task: Task, place: "DataPlace", split: str, column: str) -> Iterator[Any]:
    """One column of a split, row by row, from the file that the library keeps it in.

    Raises:
        BadData: as above.
        NoSuchColumn: if it has no such column.
    """
    found = _fetch(task, place, split)
    if column not in found.column_names:
        raise NoSuchColumn(tuple(found.column_names))
    alone = found.select_columns([column])
    for start in range(0, len(alone), ROWS):
        yield from alone[start : start + ROWS][column]


def _fetch(task: Task, place: "DataPlace", split: str) -> Any:
    import datasets  # type: ignore[import-untyped]  # comes without types

    if place.hub is None:
        raise ValueError(f"the data of {task.name} is nowhere")
    name, config, revision = place.hub
    if not Path(name).is_absolute() and Path(name).exists():  # the library would read it instead, whatever the revision
        reason = f"`{name}` is a folder here, too, and would be read instead; run from another one"
        raise BadData(HubUnreachable(at=task.data.at, name=name, reason=reason))
    datasets.disable_progress_bars()
    try:
        splits = datasets.load_dataset(name, config, revision=revision)
    except Exception as problem:  # the library raises what the network, the hub and its formats raise
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise BadData(HubUnreachable(at=task.data.at, name=name, reason=reason)) from None
    if split not in splits:
        at = place_of(task, "splits")
        raise BadData(MissingSplit(at=at, split=split, splits=tuple(map(str, splits))))
    return splits[split]
