"""What of a task decides which examples it has, and a memory of data in which nothing is wrong."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from ticketlang.diagnostics import Diagnostic
from ticketlang.jobs import canonical
from ticketlang.study import Recipe, Task
from ticketlang.units import START

from ..digests import digest_of
from .examples import check_task

if TYPE_CHECKING:
    from ..facts import DataPlace

NO_RECIPE = Recipe(train=START, batch=1, rate=Fraction(0))
REVISION = 1  # rises when more is found to be wrong with data than before


def read_as(task: Task) -> Task:
    """A task without what does not decide which examples it has."""
    return evolve(task, recipe=NO_RECIPE, head="fresh")


def problems_of(task: Task, place: "DataPlace", memory: Path) -> Iterator[Diagnostic]:
    """What is wrong with the data of a task.

    Data that was found to be right is not read again: that takes time, and torch. Data of the hub is asked for every
    time, since it may have to be fetched.

    Args:
        memory: a folder for notes on what was right.
    """
    note = memory / digest_of([REVISION, canonical(read_as(task)), place.digest])
    if place.hub is None and note.exists():
        return
    found = check_task(task, place)
    yield from found
    if not found:
        try:
            memory.mkdir(parents=True, exist_ok=True)
            note.touch()
        except OSError:
            pass  # a full disk costs time, and no more
