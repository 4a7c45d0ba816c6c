"""Scores as data has them: finite numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ticketlang.diagnostics import BadLabel
from ticketlang.study import Task

from .bad_data import BadData, place_of
from .examples import check, labels_of
from .table import Table

__all__ = ["check", "read_labels"]


def read_labels(task: Task, tables: Mapping[str, Table]) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The scores of each split; there are no classes.

    Raises:
        BadData: for a label that is no finite number.
    """
    labels = {}
    for split, table in tables.items():
        column = labels_of(task, table)
        for row, value in enumerate(column, start=1):
            if not math.isfinite(_number(value)):
                shown = "nothing" if value is None else str(value)[:40]
                raise BadData(BadLabel(at=place_of(task, "label"), value=shown, row=row, split=split))
        labels[split] = np.array([_number(value) for value in column], dtype=np.float32)
    return labels, None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
