"""A handful of rows for a task: of its own examples, or made up with the very columns and labels that it declares."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from ticketlang.study import Task

from .. import micro
from ..facts import DataPlace
from ..tasks.corpus import check, texts_of
from ..tasks.examples import Split, read_splits

Row = Mapping[str, Any]

LONGEST_TEXT = 2000  # characters of running text that are taken of one row
LEAST_TEXT = 20_000  # characters of running text that a split has, if there is so much
MOST_TEXTS = 400  # however short they are

# What each kind of task is asked in the built-in world: the text of that world, and its columns.
MADE_UP = {
    "classify sentence": ("sentiment", ("sentence",), "label"),
    "classify pair": ("paraphrase", ("first", "second"), "label"),
    "score pair": ("similarity", ("first", "second"), "label"),
    "answer spans": ("spans", ("question", "context"), "answers"),
    "masked words": ("corpus", ("text",), None),
}


@frozen(kw_only=True)
class Handful:
    """Rows by split."""

    rows: Mapping[str, Sequence[Row]]
    classes: int | None
    said: str = ""  # of the study's own examples: what was read of them
    examples: int | None = None  # of the whole training split; None: not known
    only_label: str | None = None  # that all examples have which are scored; None: there are several


def own_rows(task: Task, place: DataPlace, most: int) -> Handful:
    """Read and check the examples of a task as `run` does, and take a few, some of every class.

    Raises:
        BadData: with the first mistake in them.
    """
    if task.label is None:
        check(task, place)
        texts = {split: _texts(task, place, split) for split in task.splits}
        return Handful(rows=texts, classes=None, said="its own text")
    splits, classes = read_splits(task, place, most if place.micro else None)
    scored = splits[task.score_split].labels
    is_alike = scored.dtype != object and len(scored) > 1 and bool((scored == scored[0]).all())
    counts = ", ".join(f"{len(its):,} rows of {split}" for split, its in splits.items())
    return Handful(
        rows={split: tuple(_rows_of(task, its, most)) for split, its in splits.items()},
        classes=classes,
        said="its own" if place.micro else f"its own: {counts} are right",
        examples=None if place.micro or task.held_out is not None else len(splits[task.train_split]),
        only_label=str(scored[0].item()) if is_alike else None,
    )


def made_up_rows(task: Task, most: int) -> Handful:
    """Sentences of the built-in world under the columns of the task, with labels of its range by turns."""
    text, columns, label = MADE_UP[task.kind]
    classes = (task.classes or 2) if task.kind.startswith("classify") else None
    rows = {}
    for split in task.splits:
        drawn = micro.rows(text, "train" if split == task.train_split else "validation", seed=1)
        made = []
        for number, row in enumerate(islice(drawn, most)):
            said = dict(zip(task.text, (row[column] for column in columns), strict=True))
            if task.label is not None and label is not None:
                said[task.label] = row[label] if classes is None else number % classes
            made.append(said)
        rows[split] = made
    return Handful(rows=rows, classes=classes)


def write_rows(handful: Handful, pattern: str, folder: Path) -> None:
    """Write the splits as json lines.

    Args:
        pattern: of their names, as `data files` has it.
    """
    for split, rows in handful.rows.items():
        path = folder / pattern.replace("{split}", split)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _texts(task: Task, place: DataPlace, split: str) -> tuple[Row, ...]:
    """Running text of a split as a whole, whatever is cut out of it."""
    alone = evolve(task, train_split=split, score_split=split, held_out=None)
    rows: list[Row] = []
    size = 0
    for text in islice(texts_of(alone, place, "train"), MOST_TEXTS):
        rows.append({task.text[0]: text[:LONGEST_TEXT]})
        size += len(rows[-1][task.text[0]])
        if size > LEAST_TEXT:
            break
    return tuple(rows)


def _rows_of(task: Task, split: Split, most: int) -> Iterator[Row]:
    assert task.label is not None, "examples have labels"
    for number in _spread(split.labels, most):
        texts = {column: texts[number] for column, texts in zip(task.text, split.texts, strict=True)}
        yield {**texts, task.label: _label(split.labels[number])}


def _spread(labels: NDArray[Any], most: int) -> list[int]:
    """Numbers of a few rows: the first of each class, the second of each, and so on, in the order of the file."""
    if labels.dtype.kind != "i":
        return list(range(min(most, len(labels))))
    places = np.zeros(len(labels), dtype=np.int64)
    for one in np.unique(labels):
        (rows,) = np.nonzero(labels == one)
        places[rows] = np.arange(len(rows))
    return sorted(np.argsort(places, kind="stable")[:most].tolist())


def _label(label: Any) -> Any:
    if isinstance(label, tuple):  # answers, each with the place where it begins
        return {"text": [text for text, _ in label], "answer_start": [begin for _, begin in label]}
    return label.item()
