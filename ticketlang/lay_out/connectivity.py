"""Which trainings are connected by lines, where a report asks for them.

Frankle et al. 2020, section 2: the same weights are trained twice, with other samples of the data order and of whatever
else is random in training; if error does not rise on the line between the two, training is stable to that noise. So the
two share mask, weights, head and examples, and differ in the seeds of order and dropout.

Paul et al. 2023: the trainings of two levels that follow each other share everything but the mask. The sparser one was
found to match just where the line between them is flat.
"""

from attrs import evolve

from ..jobs import FineTune, Interpolate, JobKey
from ..plan import Cell, Line
from ..study import Seeds, Study
from .requests import Requests

SECTION = "mode_connectivity"  # of the report: it is what asks for lines
GROUP = "lines"


def ask_lines(requests: Requests, job: FineTune, cell: Cell) -> None:
    """Ask for the lines of a cell, if the study reports on lines: to a second training, and from the level before."""
    if SECTION not in requests.study.report:
        return
    one = requests.ask(evolve(job, keeps_weights=True), cell.arm, cell.id)
    other = other_noise(requests.study, cell.seeds)
    if other is not None:
        line = Line(cell=cell, other=other)
        seeds = evolve(job.seeds, order=other.order, dropout=other.dropout)
        again = requests.ask(evolve(job, seeds=seeds, keeps_weights=True), f"{GROUP}: train again", line.id)
        _ask_line(requests, job, one, again, line)
    before = level_before(requests, cell)
    if before is not None:
        start = requests.jobs[requests.cells[before]]
        assert isinstance(start, FineTune), "cells are answered by trainings"
        first = requests.ask(evolve(start, keeps_weights=True), before.arm, before.id)
        _ask_line(requests, start, first, one, Line(cell=before, other=cell))


def other_noise(study: Study, seeds: Seeds) -> Seeds | None:
    """The next run of a study, round and round, that has another order or another dropout; None: no run has."""
    place = study.seeds.index(seeds)
    later = (*study.seeds[place + 1 :], *study.seeds[:place])
    return next((run for run in later if (run.order, run.dropout) != (seeds.order, seeds.dropout)), None)


def level_before(requests: Requests, cell: Cell) -> Cell | None:
    """The cell of the level that is looked at before this one, or of dense; None where there is none."""
    if cell.ticket is None or cell.level is None:
        return None
    is_path = cell.ticket.pruning.rise is None  # levels that are reached in a run each share no masks
    below = [level for level in cell.ticket.levels if level < cell.level and is_path]
    dense = (arm.name for arm in requests.study.baselines if arm.is_dense)
    candidates = [evolve(cell, level=level) for level in reversed(below)]
    candidates += [evolve(cell, arm=arm, ticket=None, level=None) for arm in dense]
    return next((found for found in candidates if found in requests.cells), None)


def _ask_line(requests: Requests, first: FineTune, one: JobKey, other: JobKey, line: Line) -> None:
    """Ask for a line whose mask is that of its first end: what that has removed, the other has, too."""
    between = Interpolate(
        model=first.model,
        task=first.task,
        data=first.data,
        one=one,
        other=other,
        weights=first.weights,
        mask=first.mask,
        seeds=first.seeds,
        precision=first.precision,
    )
    requests.ask_line(between, f"{GROUP}: score", line)
