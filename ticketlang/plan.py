"""The work a study asks for: jobs in an order that can run, and the cells of its tables, each answered by one job."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from attrs import Factory, evolve, field, frozen

from .jobs import AnyJob, FineTune, JobKey, inputs_of
from .study import Seeds, Study, Ticket
from .units import Sparsity

SHORTEST_KEY = 8  # digits, by which a job may be called
PLAN_FORMAT = 2  # rises when `runtime` must change with it


@frozen(kw_only=True)
class DataFacts:
    """What is known of a task's examples before any is read."""

    digest: str
    pinned: bool = True  # False: a hub name whose revision is not known yet


@frozen(kw_only=True)
class Facts:
    """Digests of everything a study reads, found at the edge."""

    model: str
    model_pinned: bool = True
    data: Mapping[str, DataFacts]  # by task
    masks: Mapping[str, str] = Factory(dict)  # digests of mask files, by name

    @classmethod
    def made_up(cls, study: Study) -> "Facts":
        """Names in place of digests, where a plan is made to be looked at and not to be run."""
        given = (ticket.given.name for ticket in study.tickets if ticket.given is not None)
        return cls(
            model="",
            data={name: DataFacts(digest=name) for name in study.tasks},
            masks={name: name for name in given},
        )


@frozen(kw_only=True)
class Known:
    """A result that is in the store."""

    study: str  # the study it was first made for
    keeps_weights: bool  # the trained weights are there, too
    keeps_movement: bool = False  # how far they were pulled, as well
    seconds: float | None = None  # how long it took, on whatever machine that was

    def serves(self, job: AnyJob) -> bool:
        """Whether all that the job is to leave to others is there."""
        if not isinstance(job, FineTune):
            return True
        return self.keeps_weights >= job.keeps_weights and self.keeps_movement >= job.keeps_movement


KnownResults = Callable[[Collection[JobKey]], Mapping[JobKey, Known]]  # of these jobs those that are done


@frozen(kw_only=True)
class Cell:
    """One place of a result table: an arm at a level, trained on a target with one run's seeds."""

    arm: str  # a ticket block or a baseline
    ticket: Ticket | None  # whose mask or weights the arm takes; None where it takes neither
    level: Sparsity | None  # None: dense
    target: str
    seeds: Seeds

    @property
    def id(self) -> str:
        """What people type: `imp/mlm@70%/qnli/seed=3`, `random_init.imp/mlm@70%/qnli/seed=3`, `dense/qnli/seed=3`."""
        arm = self.arm
        if self.ticket is not None:
            arm = self.ticket.label if self.arm == self.ticket.name else f"{self.arm}.{self.ticket.label}"
        level = "" if self.level is None else f"@{self.level}"
        return f"{arm}{level}/{self.target}/{self.seeds}"


@frozen(kw_only=True)
class Line:
    """Between the training of a cell and another one: with other noise, or of a sparser level."""

    cell: Cell
    other: Seeds | Cell  # whose order and dropout the second training of the cell has; or the cell at the other end

    @property
    def id(self) -> str:
        if isinstance(self.other, Cell):
            return f"{self.cell.id} to {self.other.id}"
        return f"{self.cell.id} to order and dropout of {self.other}"


@frozen(kw_only=True)
class PlannedJob:
    """A job with its place in the plan."""

    key: JobKey
    job: AnyJob
    group: str  # what the line of its kind is called, such as "imp: rounds" or "dense"
    labels: tuple[str, ...]  # who asks for it: cells, rounds, masks; all but one share it
    known: Known | None  # the stored result that answers it; None: it is to run

    @property
    def is_reused(self) -> bool:
        return self.known is not None


@frozen(kw_only=True, slots=False)
class Plan:
    """What a study asks for and what of it is to run."""

    study: Study
    facts: Facts
    jobs: Mapping[JobKey, PlannedJob]  # every job after its inputs
    cells: Mapping[Cell, JobKey]
    masks: Mapping[JobKey, str]  # mask jobs -> what people call them, `imp/mlm@70%/seed=3`
    lines: Mapping[Line, JobKey] = field(factory=dict)

    @cached_property
    def names(self) -> Mapping[str, JobKey]:
        """Every name that people are shown of a job: cells, masks, rounds, points, lines; of equals the first."""
        found: dict[str, JobKey] = {cell.id: key for cell, key in self.cells.items()}
        for key, name in self.masks.items():
            found.setdefault(name, key)
        for job in self.jobs.values():
            for label in job.labels:
                found.setdefault(label, job.key)
        return found

    def named(self, name: str) -> PlannedJob | None:
        """The job of a name, or of the first digits of a key; None: there is none, or there are several."""
        if (key := self.names.get(name)) is not None:
            return self.jobs.get(key)
        found = [job for key, job in self.jobs.items() if len(name) >= SHORTEST_KEY and key.startswith(name)]
        return found[0] if len(found) == 1 else None

    def narrowed_to(self, names: Collection[str]) -> "Plan":
        """The part of a plan that the jobs of some names need."""
        ids = {cell.id for cell in self.cells}
        others = {job.key for name in names if name not in ids and (job := self.named(name)) is not None}
        return self.narrowed([c for c, key in self.cells.items() if c.id in names or key in others], others)

    def narrowed(self, cells: Collection[Cell], others: Collection[JobKey] = ()) -> "Plan":
        """Some cells alone, and some other jobs; what they wait for, and the results that these begin with."""
        kept: set[JobKey] = set()
        waiting = [*others, *(key for cell, key in self.cells.items() if cell in cells)]
        while waiting:
            key = waiting.pop()
            if key in kept or key not in self.jobs:
                continue
            kept.add(key)
            if not self.jobs[key].is_reused:
                waiting += inputs_of(self.jobs[key].job)
        return evolve(
            self,
            jobs={key: job for key, job in self.jobs.items() if key in kept},
            cells={cell: key for cell, key in self.cells.items() if cell in cells},
            masks={key: name for key, name in self.masks.items() if key in kept},
            lines={},
        )

    @property
    def to_run(self) -> tuple[PlannedJob, ...]:
        return tuple(job for job in self.jobs.values() if not job.is_reused)

    @property
    def reused(self) -> tuple[PlannedJob, ...]:
        return tuple(job for job in self.jobs.values() if job.is_reused)

    @property
    def shared(self) -> int:
        """How many requests are answered by a job that another request asked for, too."""
        return sum(len(job.labels) - 1 for job in self.jobs.values())
