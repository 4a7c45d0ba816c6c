"""Examples with labels: the texts and labels of a task's splits, checked against what the spec says of them."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from ticketlang.diagnostics import Diagnostic, EmptySplit, MissingColumn, UnreadableDataFile
from ticketlang.study import Task

from ..implementations import labelled_kind, reading
from ..training.seeds import numpy_generator, stream
from .bad_data import BadData, place_of
from .hub import read_hub_split
from .micro import read_micro_split
from .table import Table, UnreadableFile, read_table

if TYPE_CHECKING:
    from ..facts import DataPlace

Labels = NDArray[Any]  # int64 classes, float32 scores, or answers as objects


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
    best: Split | None  # on which the moment of scoring is chosen
    classes: int | None  # None where there are none


def load_examples(task: Task, place: "DataPlace") -> Examples:
    """Read and check all examples of a task.

    Raises:
        BadData: with the first mistake.
    """
    splits, classes = read_splits(task, place)
    train, score = splits[task.train_split], splits[task.score_split]
    if task.held_out is not None:
        is_scored = np.array([is_held_out(row, task.held_out) for row in range(len(train))])
        train, score = (train.take(np.flatnonzero(rows)) for rows in (~is_scored, is_scored))
        if not len(score):
            raise BadData(EmptySplit(at=place_of(task, "splits"), split=task.scored_on))
    best = splits[task.best_on] if task.best_on is not None else None
    return Examples(train, score, train if task.best_on == task.train_split else best, classes)


def read_splits(task: Task, place: "DataPlace", most: int | None = None) -> tuple[dict[str, Split], int | None]:
    """The examples of each split that is read, whatever is cut out of it, and how many classes there are.

    Args:
        most: rows of a split, where these are made one by one; None: all.

    Raises:
        BadData: with the first mistake.
    """
    tables = {split: _checked(task, place, split, _read(task, place, split, most)) for split in task.splits}
    labels, classes = labelled_kind(task.kind).read_labels(task, tables)
    splits = {
        split: Split(tuple(table.columns[column] for column in task.text), labels[split])
        for split, table in tables.items()
    }
    return splits, classes


def check(task: Task, place: "DataPlace") -> None:
    """Raises BadData if there is anything wrong with the data of a task."""
    load_examples(task, place)


def check_task(task: Task, place: "DataPlace") -> tuple[Diagnostic, ...]:
    """What is wrong with the data of a task, known before any job."""
    try:
        reading(task.kind).check(task, place)
    except BadData as problem:
        return (problem.diagnostic,)
    return ()


def limited(task: Task, examples: Examples, seed: int) -> Examples:
    """The examples that `limit` leaves; see `limited_rows`."""
    return evolve(
        examples,
        train=_first(examples.train, limited_rows(task, len(examples.train), seed)),
        score=_first(examples.score, limited_rows(task, len(examples.score), seed, "evaluation")),
        best=examples.best
        if examples.best is None
        else _first(examples.best, limited_rows(task, len(examples.best), seed, "evaluation")),
    )


def limited_rows(task: Task, rows: int, seed: int, *of: str) -> NDArray[np.int64] | None:
    """Which examples `limit` takes: the first of one shuffle a seed, so that smaller limits are parts of larger.

    Args:
        of: "evaluation", or nothing for training.
    """
    limit = task.limit_evaluation if of else task.limit
    if limit is None or limit >= rows:
        return None
    # In the order of the file: which examples there are is one question, their order in training another.
    return np.sort(numpy_generator(stream(seed, "subset", task.name, *of)).permutation(rows)[:limit])


def _first(split: Split, rows: NDArray[np.int64] | None) -> Split:
    return split if rows is None else split.take(rows)


def is_held_out(row: int, share: Fraction | None) -> bool:
    """Whether a row of a training split is kept for scoring: they are spread evenly, whatever the file is sorted by.

    Of 1% that is every hundredth row, the 100th first: row k (from 0) where floor(k * share) is about to rise. The
    length of the file need not be known.
    """
    return share is not None and row * share // 1 < (row + 1) * share // 1


def source_of(task: Task, place: "DataPlace", split: str) -> str:
    """What people call the place a split comes from."""
    return str(place.files[split]) if place.files is not None else f"{task.data.name} ({split})"


def _read(task: Task, place: "DataPlace", split: str, most: int | None) -> Table:
    wanted = _wanted(task)
    if place.micro is not None:
        return read_micro_split(task, place, split, wanted, most)
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
    source = source_of(task, place, split)
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


def labels_of(task: Task, table: Table) -> Sequence[Any]:
    """The column of the answers."""
    if task.label is None:
        raise ValueError(f"the task {task.name} of kind {task.kind} has no label column")
    return table.columns[task.label]
