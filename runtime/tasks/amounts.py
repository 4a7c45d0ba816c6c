"""Scores as data has them: finite numbers."""

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
            if not np.isfinite(_number(value)):
                shown = "nothing" if value is None else str(value)[:40]
                raise BadData(BadLabel(at=place_of(task, "label"), value=shown, row=row, split=split))
        labels[split] = np.array([_number(value) for value in column], dtype=np.float32)
    return labels, None


def _number(value: Any) -> float:
    """As training has it, in fp32; what is too large for that is infinite.

    Text is a number where it is one in every program: Python alone reads `1_0`, and digits of other scripts.
    """
    if isinstance(value, str) and (not value.isascii() or "_" in value):
        return float("nan")
    try:
        with np.errstate(over="ignore"):
            return float(np.float32(value))
    except (TypeError, ValueError):
        return float("nan")
