"""Columns of a data set on the Hugging Face hub, at a pinned commit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketlang.diagnostics import HubUnreachable, MissingSplit
from ticketlang.study import Task

from .bad_data import BadData, place_of
from .table import Table

if TYPE_CHECKING:
    from ..facts import DataPlace


def read_hub_split(task: Task, place: "DataPlace", split: str, wanted: Sequence[str]) -> Table:
    """Fetch one split, or take it from the local cache.

    Raises:
        BadData: if it cannot be had, or has no such split.
    """
    import datasets  # type: ignore[import-untyped]  # comes without types

    if place.hub is None:
        raise ValueError(f"the data of {task.name} is nowhere")
    name, config, revision = place.hub
    datasets.disable_progress_bars()
    try:
        splits = datasets.load_dataset(name, config, revision=revision)
    except Exception as problem:  # the library raises what the network, the hub and its formats raise
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise BadData(HubUnreachable(at=task.data.at, name=name, reason=reason)) from None
    if split not in splits:
        at = place_of(task, "splits")
        raise BadData(MissingSplit(at=at, split=split, splits=tuple(map(str, splits))))
    found = splits[split]
    columns = {column: list(found[column]) for column in wanted if column in found.column_names}
    return Table(columns, tuple(found.column_names))
