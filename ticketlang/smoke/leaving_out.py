"""What a small run leaves out of a study, in numbers; and where in a spec a job has its place."""

import re
from collections.abc import Iterator

from ..phrasing import duration_text
from ..plan import Plan
from ..source import Span
from ..study import Study
from .shrink import ROWS
from .smoked import LeftOut


def left_out(whole: Plan, small: Study, done: Plan | None) -> tuple[LeftOut, ...]:
    """What the whole study has more of.

    Args:
        done: the plan of the small study, after its run; None: it never ran.
    """
    rows = (*_of_studies(whole.study, small), *_of_plans(whole, done))
    return tuple(row for row in rows if row.whole != row.here)


def _of_studies(whole: Study, small: Study) -> Iterator[LeftOut]:
    yield LeftOut("runs", str(len(whole.seeds)), str(len(small.seeds)))
    for block in dict.fromkeys(ticket.name for ticket in whole.tickets):
        yield LeftOut(f"levels of {block}", _levels(whole, block), _levels(small, block))
    yield LeftOut("training", _trainings(whole), _trainings(small))
    yield LeftOut("batches", _batches(whole), _batches(small))
    yield LeftOut("examples", "all, or as limited", f"{ROWS} of a split")
    yield LeftOut("longest input", _longest(whole), _longest(small))


def _of_plans(whole: Plan, done: Plan | None) -> Iterator[LeftOut]:
    ran = set() if done is None else {job.key for job in done.reused}
    cells = () if done is None else [cell for cell, key in done.cells.items() if key in ran]
    yield LeftOut("cells", f"{len(whole.cells):,}", f"{len(cells):,}")
    yield LeftOut("jobs", f"{len(whole.jobs):,}", f"{len(ran):,}")


def _levels(study: Study, block: str) -> str:
    levels = sorted({level for ticket in study.tickets if ticket.name == block for level in ticket.path})
    return ", ".join(map(str, levels))


def _trainings(study: Study) -> str:
    return ", ".join(dict.fromkeys(duration_text(task.recipe.train) for task in study.tasks.values()))


def _batches(study: Study) -> str:
    return ", ".join(dict.fromkeys(f"{task.recipe.batch} examples" for task in study.tasks.values()))


def _longest(study: Study) -> str:
    return f"{max(task.length for task in study.tasks.values())} tokens"


def place_of(study: Study, label: str) -> Span:
    """Where a spec speaks of what a label names: of a ticket, else of a task, else of the whole study."""
    tickets = [ticket for ticket in study.tickets if _is_of(label, ticket.label)]
    tasks = [task for task in study.tasks.values() if task.name in re.split(r"[/@+ ]", label)]
    places = (*(ticket.at for ticket in tickets), *(task.at for task in tasks), study.at)
    return places[0]


def _is_of(label: str, ticket: str) -> bool:
    """Whether a label names a ticket: alone, as in `imp/mlm@70%/seed=1`, or after an arm, `random_mask.imp/mlm@70%`."""
    return re.match(rf"(?:[\w-]+\.)?{re.escape(ticket)}(?=[@/ ]|$)", label) is not None
