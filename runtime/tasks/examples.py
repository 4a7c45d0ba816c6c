"""The examples of a task: texts and labels of its two splits, checked against what the spec says of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from ticketlang.diagnostics import Diagnostic, EmptySplit, MissingColumn, UnreadableDataFile
from ticketlang.study import Task

from ..implementations import task_kind
from ..training.seeds import numpy_generator, stream
from .bad_data import BadData, place_of
from .hub import read_hub_split
from .table import Table, UnreadableFile, read_table

if TYPE_CHECKING:
    from ..facts import DataPlace

Labels = NDArray[np.int64] | NDArray[np.float32]


@frozen(eq=False)
class Split:
    """Examples in the order of their file."""

    texts: tuple[Sequence[str], ...]  # one list per text column
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> "Split":
        return Split(tuple([column[row] for row in rows] for column in self.texts), self.labels[rows])


@frozen(eq=False)
class Examples:
    """What a task trains on and is scored on."""

    train: Split
    score: Split
    classes: int | None  # None where the answer is a score


def load_examples(task: Task, place: "DataPlace") -> Examples:
    """Read and check all examples of a task.

    Raises:
        BadData: with the first mistake.
    """
    names = (task.train_split, task.score_split)
    tables = {split: _checked(task, place, split, _read(task, place, split)) for split in dict.fromkeys(names)}
    answers = {split: _labels_of(task, table) for split, table in tables.items()}
    labels, classes = task_kind(task.kind).read_labels(task, answers)
    splits = {
        split: Split(tuple(table.columns[column] for column in task.text), labels[split])
        for split, table in tables.items()
    }
    return Examples(splits[task.train_split], splits[task.score_split], classes)


def check_task(task: Task, place: "DataPlace") -> tuple[Diagnostic, ...]:
    """What is wrong with the data of a task, known before any job."""
    try:
        load_examples(task, place)
    except BadData as problem:
        return (problem.diagnostic,)
    return ()


def limited(task: Task, examples: Examples, seed: int) -> Examples:
    """The examples that `limit` leaves: the first of one shuffle a seed, so that smaller limits are parts of larger."""
    return evolve(
        examples,
        train=_first(examples.train, task.limit, stream(seed, "subset", task.name)),
        score=_first(examples.score, task.limit_evaluation, stream(seed, "subset", task.name, "evaluation")),
    )


def _first(split: Split, limit: int | None, bits: int) -> Split:
    if limit is None or limit >= len(split):
        return split
    # In the order of the file: which examples there are is one question, their order in training another.
    return split.take(np.sort(numpy_generator(bits).permutation(len(split))[:limit]))


def _read(task: Task, place: "DataPlace", split: str) -> Table:
    wanted = _wanted(task)
    if place.files is None:
        return read_hub_split(task, place, split, wanted)
    path = place.files[split]
    try:
        return read_table(path, wanted)
    except UnreadableFile as problem:
        raise BadData(UnreadableDataFile(at=place_of(task, "data"), path=str(path), reason=str(problem))) from None


def _wanted(task: Task) -> tuple[str, ...]:
    return (*task.text, *([] if task.label is None else [task.label]))


def _checked(task: Task, place: "DataPlace", split: str, table: Table) -> Table:
    """A table in which every wanted column is there, and every text is a text."""
    source = str(place.files[split]) if place.files is not None else f"{task.data.name} ({split})"
    for column in _wanted(task):
        if column not in table.columns and (table.all_columns or len(table)):
            at = place_of(task, "label" if column == task.label and column not in task.text else "text")
            raise BadData(MissingColumn(at=at, column=column, path=source, columns=table.all_columns))
    if len(table) == 0:
        raise BadData(EmptySplit(at=place_of(task, "data"), split=split))
    for column in task.text:
        for row, value in enumerate(table.columns[column], start=1):
            if not isinstance(value, str):
                reason = f"`{column}` of row {row} is not text, but {value!r}"
                raise BadData(UnreadableDataFile(at=place_of(task, "text"), path=source, reason=reason))
    return table


def _labels_of(task: Task, table: Table) -> Sequence[Any]:
    if task.label is None:
        raise ValueError(f"the task {task.name} of kind {task.kind} has no label column")
    return table.columns[task.label]
