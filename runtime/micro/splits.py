"""Splits that share no text: the words of a text, in whatever order, say on which shelf it stands.

A shelf belongs to the corpus, to training or to validation. A text is drawn again until it stands where it is wanted,
so that nothing that is scored was trained on, nor read before. A wrong sentence and the right one of its words stand on
one shelf. Filed are the sentence, the passage, and of a pair the first sentence; the second may be the first of another
pair, of another split, too. Facts of passages that are read are no sentence or first sentence of a task by their form.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any
from zlib import crc32

from attrs import define, field

from .chance import Chance
from .tasks import TASKS, Row
from .world import World

VERSION = 2  # rises whenever any text of any world changes

KEPT = 20_000  # examples of a split at most that stay in memory: jobs of one process ask for them again and again

SHELVES = 8
VALIDATION, TRAINING = 7, 6  # all others are the corpus's


def shelf(text: str) -> str:
    """`corpus`, `train` or `validation`."""
    number = crc32(" ".join(sorted(text.split())).encode()) % SHELVES
    return {VALIDATION: "validation", TRAINING: "train"}.get(number, "corpus")


@define(eq=False)
class _Split:
    """Examples of a split, each drawn when it is first asked for."""

    task: str
    split: str
    seed: int
    drawn: list[Row] = field(factory=list)
    drawing: Iterator[Row] = field(factory=lambda: iter(()))

    def __iter__(self) -> Iterator[Row]:
        for number in range(TASKS[self.task].sizes[self.split]):
            if number == len(self.drawn):
                self.drawn.append(self._next())
            yield self.drawn[number]

    def _next(self) -> Row:
        """A drawing that was interrupted, such as by Ctrl-C, has ended for good: another one begins and catches up."""
        for row in self.drawing:
            return row
        self.drawing = islice(_drawn(self.task, self.split, self.seed), len(self.drawn), None)
        return next(self.drawing)


def rows(task: str, split: str, seed: int) -> Iterable[Row]:
    """The examples of a split, no two the same, in an order that says nothing.

    Args:
        seed: of the world.

    Raises:
        KeyError: for a task or split that is not there.
    """
    return _drawn(task, split, seed) if TASKS[task].sizes[split] > KEPT else _kept(task, split, seed)


_kept = cache(_Split)


def _drawn(task: str, split: str, seed: int) -> Iterator[Row]:
    made = TASKS[task]
    wanted = "corpus" if task == "corpus" and split != "validation" else split
    world, chance = World.of(seed), Chance(task, split, seed)
    seen: set[str] = set()
    while len(seen) < made.sizes[split]:
        row, filed = made.draw(world, chance, len(seen))
        text = repr(row)
        if text not in seen and all(shelf(part) == wanted for part in filed):
            seen.add(text)
            yield row


def columns(task: str, split: str, seed: int, most: int | None = None) -> dict[str, list[Any]]:
    """The examples of a split, column by column; the first ones alone where a number is given."""
    found = list(islice(rows(task, split, seed), most))
    return {name: [row[name] for row in found] for name in found[0]}


def digest(task: str, seed: int) -> str:
    """What names the examples of a task: all of them follow from it."""
    return f"micro:{VERSION}:{seed}:{task}"
