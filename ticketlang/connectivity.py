"""Which trainings are connected by lines: two of one network that differ in the noise of training alone.

Frankle et al. 2020, section 2: the same weights are trained twice, with other samples of the data order and of whatever
else is random in training; if error does not rise on the line between the two, training is stable to that noise. So the
two share mask, weights, head and examples, and differ in the seeds of order and dropout.
"""

from attrs import evolve

from .jobs import FineTune, Interpolate
from .plan import Cell, Line
from .requests import Requests
from .study import Seeds, Study

SECTION = "mode_connectivity"  # of the report: it is what asks for lines
GROUP = "lines"


def other_noise(study: Study, seeds: Seeds) -> Seeds | None:
    """The next run of a study, round and round, that has another order or another dropout; None: no run has."""
    place = study.seeds.index(seeds)
    later = (*study.seeds[place + 1 :], *study.seeds[:place])
    return next((run for run in later if (run.order, run.dropout) != (seeds.order, seeds.dropout)), None)


def ask_line(requests: Requests, job: FineTune, cell: Cell) -> None:
    """Ask for a second training of a cell and for the line between both, if the study reports on lines."""
    other = other_noise(requests.study, cell.seeds) if SECTION in requests.study.report else None
    if other is None:
        return
    line = Line(cell=cell, other=other)
    seeds = evolve(job.seeds, order=other.order, dropout=other.dropout)
    one = requests.ask(evolve(job, keeps_weights=True), cell.arm, cell.id)
    two = requests.ask(evolve(job, seeds=seeds, keeps_weights=True), f"{GROUP}: train again", line.id)
    between = Interpolate(
        model=job.model,
        task=job.task,
        data=job.data,
        one=one,
        other=two,
        weights=job.weights,
        mask=job.mask,
        seeds=job.seeds,
        precision=job.precision,
    )
    requests.ask_line(between, f"{GROUP}: score", line)
