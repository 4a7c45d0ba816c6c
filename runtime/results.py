"""The numbers of a study: cells with their measurements, and averages over seeds. What is missing is there, too."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from ticketlang.jobs import FineTune, JobKey, MaskJob
from ticketlang.plan import Cell, Plan
from ticketlang.study import Arm, Seeds, Ticket
from ticketlang.units import Sparsity

from .statistics import Average, average, independent
from .store import DamagedError, Environment, MissingFileError, Store

APART = 0.001  # shares that differ by less are one: the rest is rounding to whole weights


@frozen(kw_only=True)
class Measurement:
    """One number from one run."""

    cell: Cell
    metric: str
    value: float  # a fraction: 0.812, or -0.1 for a correlation
    key: JobKey  # of the job that measured it
    environment: Environment


@frozen(kw_only=True)
class Condition:
    """A cell without its seeds: what is repeated to learn how much chance there is in it."""

    arm: str
    ticket: Ticket | None
    level: Sparsity | None
    target: str

    @classmethod
    def of(cls, cell: Cell) -> "Condition":
        return cls(arm=cell.arm, ticket=cell.ticket, level=cell.level, target=cell.target)

    @property
    def name(self) -> str:
        """The id of its cells without the seeds: `imp/mlm@70%/qnli`."""
        cell = Cell(arm=self.arm, ticket=self.ticket, level=self.level, target=self.target, seeds=Seeds.tied(0))
        return cell.id.removesuffix(f"/{cell.seeds}")

    @property
    def is_ticket(self) -> bool:
        """Whether it is a ticket itself, and no baseline beside one."""
        return self.ticket is not None and self.arm == self.ticket.name

    @property
    def source(self) -> str | None:
        """What its ticket was searched on; None where it has none."""
        return self.ticket.source_name if self.ticket else None


@define(slots=False)
class Results:
    """Everything measured for a plan's cells."""

    plan: Plan
    measurements: Mapping[Cell, tuple[Measurement, ...]]  # all metrics, the deciding one first; absent: missing
    collapsed: Mapping[JobKey, tuple[str, ...]] = field(factory=dict)  # mask -> matrices that keep almost nothing
    sparsities: Mapping[JobKey, float] = field(factory=dict)  # mask -> the share of weights that it removes
    removed: Mapping[JobKey, tuple[int, int]] = field(
        factory=dict
    )  # mask -> how many weights it removes, and of how many
    problems: tuple[str, ...] = ()  # stored results that could not be read, in a sentence each

    @classmethod
    def of(cls, plan: Plan, store: Store) -> "Results":
        """Read what is in the store by now, whatever the plan knew when it was made."""
        known = store.known({*plan.cells.values(), *plan.masks})
        reader = _Reader(store)
        measurements = {
            cell: found
            for cell, key in plan.cells.items()
            if key in known and (found := reader.measurements(cell, key))
        }
        masks = {key: result for key in plan.masks if key in known and (result := reader.result(key))}
        collapsed = {key: tuple(names) for key, result in masks.items() if (names := result.get("collapsed"))}
        sparsities = {key: result["sparsity"] for key, result in masks.items() if "sparsity" in result}
        removed = {key: (result["removed"], result["total"]) for key, result in masks.items() if "removed" in result}
        return cls(plan, measurements, collapsed, sparsities, removed, tuple(reader.problems))

    def rows(self) -> Iterator[tuple[Cell, Measurement | None]]:
        """Every cell with the number that decides, in the order of the plan."""
        for cell in self.plan.cells:
            found = self.measurements.get(cell)
            yield cell, found[0] if found else None

    @cached_property
    def conditions(self) -> Mapping[Condition, tuple[Cell, ...]]:
        """What is repeated, with its cells, in the order of the plan."""
        cells: dict[Condition, list[Cell]] = {}
        for cell in self.plan.cells:
            cells.setdefault(Condition.of(cell), []).append(cell)
        return {condition: tuple(its) for condition, its in cells.items()}

    @cached_property
    def reference(self) -> Arm | None:
        """The baseline that prunes nothing and changes no weight: dense."""
        for arm in self.plan.study.baselines:
            if arm.mask == "none" and arm.weights == "pretrained":
                return arm
        return None

    def dense(self, target: str) -> Condition | None:
        """The dense condition of a target; None where the study has none."""
        if self.reference is None:
            return None
        condition = Condition(arm=self.reference.name, ticket=None, level=None, target=target)
        return condition if condition in self.conditions else None

    def runs(self, condition: Condition) -> tuple[JobKey, ...]:
        """The jobs behind its cells, each once: what a seed does not change is not repeated by it."""
        return tuple(dict.fromkeys(self.plan.cells[cell] for cell in self.conditions.get(condition, ())))

    @cached_property
    def scores(self) -> Mapping[JobKey, float]:
        """The deciding score of every run that is done."""
        return {self.plan.cells[cell]: found[0].value for cell, found in self.measurements.items()}

    def average(self, condition: Condition) -> Average | None:
        """Over its runs; None where none is done."""
        runs = self.runs(condition)
        return average([self.scores[run] for run in runs if run in self.scores], len(runs))

    def gap(self, condition: Condition) -> Average | None:
        """Score minus dense score, run by run of the same seeds; None without a pair."""
        dense = self.dense(condition.target)
        if dense is None or dense == condition:
            return None
        theirs = {cell.seeds: self.plan.cells[cell] for cell in self.conditions[dense]}
        mine = {cell.seeds: self.plan.cells[cell] for cell in self.conditions[condition]}
        pairs = dict.fromkeys((run, theirs[seeds]) for seeds, run in mine.items() if seeds in theirs)
        done = [self.scores[a] - self.scores[b] for a, b in pairs if a in self.scores and b in self.scores]
        return average(done, len(pairs))

    def differences(self, left: Condition, right: Condition) -> tuple[float, ...]:
        """Score of one minus score of the other, for each pair of runs of the same seeds that both are done.

        Pairs that share a run, since some seed changes nothing in it, count as one.
        """
        theirs = {cell.seeds: self.plan.cells[cell] for cell in self.conditions.get(right, ())}
        mine = {cell.seeds: self.plan.cells[cell] for cell in self.conditions.get(left, ())}
        pairs = dict.fromkeys((run, theirs[seeds]) for seeds, run in mine.items() if seeds in theirs)
        done = [(a, b) for a, b in pairs if a in self.scores and b in self.scores]
        return independent((a, b, self.scores[a] - self.scores[b]) for a, b in done)

    def masks(self, condition: Condition) -> Mapping[Seeds, JobKey]:
        """The masks its runs are trained under, by seeds; none for a dense arm."""
        found: dict[Seeds, JobKey] = {}
        for cell in self.conditions.get(condition, ()):
            planned = self.plan.jobs.get(self.plan.cells[cell])
            if planned is None or not isinstance(planned.job, FineTune):
                continue
            if planned.job.gradually is not None:  # it makes its mask itself
                found[cell.seeds] = planned.key
            elif planned.job.mask is not None:
                found[cell.seeds] = planned.job.mask
        return found

    def collapsed_in(self, condition: Condition) -> tuple[str, ...]:
        """Matrices of which less than one weight in a hundred is left in some run: no signal passes them."""
        names = (name for mask in self.masks(condition).values() for name in self.collapsed.get(mask, ()))
        return tuple(dict.fromkeys(names))

    def sparsity(self, condition: Condition) -> float | None:
        """What its masks remove, on average; None where that is what its level says, or where no mask is there yet."""
        masks = [self.sparsities[mask] for mask in self.masks(condition).values() if mask in self.sparsities]
        if not masks or condition.level is None:
            return None
        found = sum(masks) / len(masks)
        return None if abs(found - float(condition.level.fraction)) < APART else found

    def rounding(self, condition: Condition) -> int:
        """By how many weights its masks miss their level, where that is next to nothing: each matrix was rounded."""
        if condition.level is None or self.sparsity(condition) is not None:
            return 0
        masks = {self.removed[mask] for mask in self.masks(condition).values() if mask in self.removed}
        return max((abs(gone - condition.level.removed(total)) for gone, total in masks), default=0)

    def environments(self, conditions: Iterable[Condition]) -> tuple[Environment, ...]:
        """What their runs were made on, each once."""
        found: list[Environment] = []
        for condition in conditions:
            for cell in self.conditions.get(condition, ()):
                if cell in self.measurements and self.measurements[cell][0].environment not in found:
                    found.append(self.measurements[cell][0].environment)
        return tuple(found)

    @property
    def missing(self) -> int:
        """How many cells have no number yet."""
        return len(self.plan.cells) - len(self.measurements)

    def mask_jobs(self) -> Iterator[tuple[JobKey, MaskJob, str]]:
        """Every mask of the plan, with what people call it."""
        for key, label in self.plan.masks.items():
            job = self.plan.jobs[key].job if key in self.plan.jobs else None
            if isinstance(job, MaskJob):
                yield key, job, label


@define
class _Reader:
    """Reads results, and keeps a sentence on each that it could not."""

    store: Store
    problems: list[str] = field(factory=list)

    def measurements(self, cell: Cell, key: JobKey) -> tuple[Measurement, ...]:
        try:
            artifact = self.store.artifact(key)
            result, environment = artifact.result, artifact.provenance.environment
        except (DamagedError, MissingFileError) as problem:
            self.problems.append(str(problem))
            return ()
        first = result["metric"]
        metrics = (first, *(metric for metric in result["scores"] if metric != first))
        return tuple(
            Measurement(cell=cell, metric=metric, value=result["scores"][metric], key=key, environment=environment)
            for metric in metrics
        )

    def result(self, key: JobKey) -> Mapping[str, Any]:
        try:
            return self.store.artifact(key).result
        except (DamagedError, MissingFileError) as problem:
            self.problems.append(str(problem))
            return {}
