"""Answers as data has them: texts of a context, and where in it they begin."""

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

Answers = tuple[tuple[str, int], ...]  # of one question: each a text, and the character at which it begins


def read_labels(task: Task, tables: Mapping[str, Table]) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The answers to each question of each split: texts of the context, and where they begin.

    They are written `{"text": [...], "answer_start": [...]}`, or as a list of `{"text": ..., "answer_start": ...}`.

    Raises:
        BadData: for a question without an answer, or one whose answer is not where it is said to be.
    """
    labels = {}
    for split, table in tables.items():
        contexts = table.columns[task.text[1]]
        found = np.empty(len(table), dtype=object)
        for row, (value, context) in enumerate(zip(labels_of(task, table), contexts, strict=True)):
            answers = _answers(value)
            if not answers or any(not text or context[at : at + len(text)] != text for text, at in answers):
                place = place_of(task, "label")
                raise BadData(BadLabel(at=place, value=_shown(value), row=row + 1, split=split))
            found[row] = answers
        labels[split] = found
    return labels, None


def _answers(value: Any) -> Answers:
    """The answers as they are written; none where they cannot be read."""
    if isinstance(value, Mapping):
        texts, starts = value.get("text"), value.get("answer_start")
        if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
            return ()
        pairs = list(zip(texts, starts, strict=True))
    elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        pairs = [(one.get("text"), one.get("answer_start")) for one in value]
    else:
        return ()
    is_read = all(isinstance(text, str) and isinstance(start, int) and start >= 0 for text, start in pairs)
    return tuple(pairs) if is_read else ()


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
