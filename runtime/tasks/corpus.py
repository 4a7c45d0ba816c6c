"""Running text: the texts of a corpus one by one, whatever holds them. A corpus is never in memory as a whole."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from ticketlang.diagnostics import EmptySplit, MissingColumn, UnreadableDataFile
from ticketlang.study import Task

from .bad_data import BadData, place_of
from .examples import is_held_out, source_of
from .hub import stream_hub_column
from .micro import stream_micro_column
from .table import NoSuchColumn, UnreadableFile, stream_column

if TYPE_CHECKING:
    from ..facts import DataPlace

Part = Literal["train", "score", "best"]  # what is trained on, scored on, and chosen the moment of scoring on

LONGEST = 1 << 20  # characters of one text; what is longer comes in pieces
LOOKED_AT = 10_000  # texts that are checked before any job: to read all of a large corpus takes as long as to use it


def check(task: Task, place: "DataPlace") -> None:
    """Look at the first texts of each part; where one is cut from another, its rows have been looked at then.

    Raises:
        BadData: if they cannot be read, or there are none.
    """
    for part in parts_of(task):
        is_cut_out = part == "score" and task.held_out is not None
        for _ in islice(texts_of(task, place, part), 1 if is_cut_out else LOOKED_AT):
            pass


def parts_of(task: Task) -> tuple[Part, ...]:
    return ("train", "score") if task.best_on is None else ("train", "score", "best")


def texts_of(task: Task, place: "DataPlace", part: Part) -> Iterator[str]:
    """The texts of a part, in their order. Empty ones are left out.

    Raises:
        BadData: with the first mistake.
    """
    split = {"train": task.train_split, "score": task.score_split, "best": task.best_on or ""}[part]
    is_cut = task.held_out is not None and split == task.train_split
    found = False
    for row, text in enumerate(_rows(task, place, split)):
        if not isinstance(text, str):
            reason = f"`{task.text[0]}` of row {row + 1} is not text, but {text!r}"
            raise BadData(
                UnreadableDataFile(at=place_of(task, "text"), path=source_of(task, place, split), reason=reason)
            )
        if is_cut and is_held_out(row, task.held_out) != (part == "score"):
            continue
        for start in range(0, len(text), LONGEST):
            if piece := text[start : start + LONGEST].strip():
                found = True
                yield piece
    if not found:
        raise BadData(EmptySplit(at=place_of(task, "data"), split=task.scored_on if part == "score" else split))


def _rows(task: Task, place: "DataPlace", split: str) -> Iterator[Any]:
    """The column of the text, row by row."""
    (column,) = task.text
    try:
        if place.micro is not None:
            yield from stream_micro_column(task, place, split, column)
        elif place.files is None:
            yield from stream_hub_column(task, place, split, column)
        else:
            yield from stream_column(place.files[split], column, LONGEST)
    except NoSuchColumn as problem:
        at = place_of(task, "text")
        path = source_of(task, place, split)
        raise BadData(MissingColumn(at=at, column=column, path=path, columns=problem.columns)) from None
    except UnreadableFile as problem:
        at, path = place_of(task, "data"), source_of(task, place, split)
        raise BadData(UnreadableDataFile(at=at, path=path, reason=str(problem))) from None
