"""Classes as data has them: whole numbers from 0, or names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ticketlang.diagnostics import BadLabel, LabelOutOfRange, NamedF1, TooManyClasses
from ticketlang.study import Task

from .bad_data import BadData, place_of
from .examples import check, labels_of
from .table import Table

__all__ = ["check", "read_labels"]

MOST_CLASSES = 1000  # that are believed without a word: more is a column of numbers, not of classes


def read_labels(task: Task, tables: Mapping[str, Table]) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The labels of each split as whole numbers, and how many classes there are.

    Names are numbered in the order of the alphabet, as found in the training split. Labels are of one sort: where some
    are numbers and some are words, the fewer of them are mistakes, such as `NA` for a label that is missing.

    Raises:
        BadData: for a label that is neither, of the other sort, or out of range.
    """
    values = {split: labels_of(task, table) for split, table in tables.items()}
    names = sum(map(_is_name, values[task.train_split]))
    numbers = sum(_whole(value) is not None for value in values[task.train_split])
    return (_from_names if names > numbers else _from_numbers)(task, values)


def _from_numbers(task: Task, values: Mapping[str, Sequence[Any]]) -> tuple[dict[str, NDArray[np.int64]], int]:
    training = [number for value in values[task.train_split] if (number := _whole(value)) is not None]
    classes = task.classes or max(max(training, default=0) + 1, 2)
    if task.classes is None and classes > MOST_CLASSES:  # the head would grow with the numbers of the rows
        at = place_of(task, "label")
        raise BadData(TooManyClasses(at=at, column=task.label or "", classes=classes, limit=MOST_CLASSES))
    labels = {}
    for split, column in values.items():
        numbers = [_whole(value) for value in column]
        for row, (value, number) in enumerate(zip(column, numbers, strict=True), start=1):
            at = place_of(task, "label")
            if number is None:
                raise BadData(BadLabel(at=at, value=_shown(value), row=row, split=split))
            if not 0 <= number < classes:
                raise BadData(LabelOutOfRange(at=at, value=_shown(value), row=row, split=split, classes=classes))
        labels[split] = np.array(numbers, dtype=np.int64)
    return labels, classes


def _from_names(task: Task, values: Mapping[str, Sequence[Any]]) -> tuple[dict[str, NDArray[np.int64]], int]:
    names = sorted({value for value in values[task.train_split] if _is_name(value)})
    if task.classes is None and len(names) > MOST_CLASSES:
        at = place_of(task, "label")
        raise BadData(TooManyClasses(at=at, column=task.label or "", classes=len(names), limit=MOST_CLASSES))
    if "f1" in task.metrics and (task.classes or max(len(names), 2)) == 2:  # the alphabet must not choose class 1
        raise BadData(NamedF1(at=place_of(task, "metric"), column=task.label or ""))
    numbers = {name: number for number, name in enumerate(names)}
    labels = {}
    for split, column in values.items():
        for row, value in enumerate(column, start=1):
            at = place_of(task, "label")
            if not _is_name(value) or value not in numbers:
                raise BadData(BadLabel(at=at, value=_shown(value), row=row, split=split))
            if task.classes is not None and numbers[value] >= task.classes:
                raise BadData(LabelOutOfRange(at=at, value=value, row=row, split=split, classes=task.classes))
        labels[split] = np.array([numbers[value] for value in column], dtype=np.int64)
    return labels, task.classes or max(len(names), 2)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and _whole(value) is None


def _whole(value: Any) -> int | None:
    """A label as a whole number, or None if it is none: 1, 1.0, True and "1" are 1."""
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return int(value) if len(value) < 20 else None
    return None


def _shown(value: Any) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
