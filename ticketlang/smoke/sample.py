"""Plan -> the names of a few of its cells, masks and lines in which everything occurs that occurs in the whole.

Every kind of job on every kind of task, every task, every baseline of every axis of every ticket, each level once, a
case of each claim in two runs, and what the sections of the report compare. Chosen greedily: first what claims and
reports need, then whatever adds most that is new for the fewest further jobs.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from attrs import define, field, frozen

from ..jobs import FineTune, Interpolate, JobKey, ReachRewindPoint, inputs_of
from ..plan import Cell, Plan, PlannedJob
from ..study import Seeds
from .kinds import kinds_of

Comparisons = Mapping[str, Sequence[tuple[Sequence[Cell], Sequence[Cell]]]]  # of each claim: cells of either side
Traits = frozenset[Hashable]


def sample(plan: Plan, comparisons: Comparisons) -> tuple[str, ...]:
    """Names of the cells, masks and lines to be done alone.

    Args:
        comparisons: the cases of each claim, each with the cells of all runs on its left side and on its right side.
    """
    choice = _Choice(_things(plan))
    for cases in comparisons.values():
        choice.take_cheapest([cell.id for side in case for cell in side] for case in cases)
    for alternatives in _compared_in_reports(plan):
        choice.take_cheapest(alternatives)
    choice.take_the_rest(_names_of_first_run(plan))
    return tuple(choice.names)


@frozen(eq=False)
class _Thing:
    """A cell, a mask or a line."""

    traits: Traits
    jobs: frozenset[JobKey]  # all that it takes


@define
class _Choice:
    """What has been chosen so far."""

    things: Mapping[str, _Thing]
    names: dict[str, None] = field(factory=dict)
    jobs: set[JobKey] = field(factory=set)
    traits: set[Hashable] = field(factory=set)

    def take(self, names: Iterable[str]) -> None:
        for name in names:
            self.names[name] = None
            self.jobs |= self.things[name].jobs
            self.traits |= self.things[name].traits

    def take_cheapest(self, alternatives: Iterable[Sequence[str]]) -> None:
        """One of several sets of names: that of the fewest further jobs, and of equals the first."""
        sets = tuple(alternatives)
        if sets:
            self.take(min(sets, key=lambda names: self._further(self.things[name] for name in names)))

    def take_the_rest(self, names: Iterable[str]) -> None:
        """Until there is no trait left that is not there."""
        left = {name: self.things[name] for name in names}
        while left := {name: thing for name, thing in left.items() if not thing.traits <= self.traits}:
            best = max(left, key=lambda name: self._worth(left[name]))
            self.take((best,))

    def _worth(self, thing: _Thing) -> float:
        return len(thing.traits - self.traits) / (1 + self._further((thing,)))

    def _further(self, things: Iterable[_Thing]) -> int:
        return len({key for thing in things for key in thing.jobs} - self.jobs)


def _things(plan: Plan) -> dict[str, _Thing]:
    needs = _needs(plan)
    own = _traits_of_jobs(plan)
    axes = {ticket.label: (ticket.name, ticket.variant) for ticket in plan.study.tickets}

    def thing(key: JobKey, *traits: Hashable) -> _Thing:
        return _Thing(frozenset(traits).union(*(own[needed] for needed in needs[key])), needs[key])

    return {
        **{name: thing(key, ("mask", axes.get(name.rpartition("@")[0]))) for key, name in plan.masks.items()},
        **{line.id: thing(key, ("line", isinstance(line.other, Cell))) for line, key in plan.lines.items()},
        **{cell.id: thing(key, *_traits_of_cell(cell)) for cell, key in plan.cells.items()},
    }


def _traits_of_cell(cell: Cell) -> Iterator[Hashable]:
    block = None if cell.ticket is None else (cell.ticket.name, cell.ticket.variant)
    is_own = cell.ticket is not None and cell.ticket.source == (cell.target,)
    yield "arm", cell.arm, block  # a baseline beside each ticket that it is of
    yield "ticket", block, is_own
    yield "level", cell.arm, cell.level


def _traits_of_jobs(plan: Plan) -> dict[JobKey, Traits]:
    """The kind of each job by itself, and on its kind of task; and the tasks themselves."""
    kinds = kinds_of(plan)
    alone = {cell.target for cell in plan.cells}

    def traits(planned: PlannedJob) -> Iterator[Hashable]:
        kind, job = kinds[planned.key], planned.job
        yield kind
        if isinstance(job, FineTune | ReachRewindPoint | Interpolate):
            yield kind, job.task.kind
            yield "task", job.task.name
            # A task that others are joined with is trained alone, too, if it ever is.
            yield from (("joined", task.kind if task.name in alone else task.name) for task in job.joined)

    return {key: frozenset(traits(planned)) for key, planned in plan.jobs.items()}


def _needs(plan: Plan) -> dict[JobKey, frozenset[JobKey]]:
    """Each job, and all that have to be done before it."""
    needs: dict[JobKey, frozenset[JobKey]] = {}
    for key, planned in plan.jobs.items():  # every job after its inputs
        needs[key] = frozenset({key}).union(*(needs[needed] for needed in inputs_of(planned.job)))
    return needs


def _names_of_first_run(plan: Plan) -> Iterator[str]:
    first = plan.study.seeds[0]
    yield from (cell.id for cell in plan.cells if cell.seeds == first)
    yield from (name for name in plan.masks.values() if name.endswith(f"/{first}"))
    yield from (line.id for line in plan.lines if line.cell.seeds == first)


def _compared_in_reports(plan: Plan) -> Iterator[Iterable[Sequence[str]]]:
    """What sections compare with each other: tickets of several sources, levels of one ticket, two runs."""
    tickets = [cell for cell in plan.cells if cell.ticket is not None and cell.arm == cell.ticket.name]
    levels: dict[Hashable, list[Cell]] = defaultdict(list)
    sources: dict[Hashable, list[Cell]] = defaultdict(list)
    runs: dict[Hashable, dict[Seeds, Cell]] = defaultdict(dict)
    for cell in tickets:
        assert cell.ticket is not None
        runs[cell.ticket, cell.level, cell.target].setdefault(cell.seeds, cell)
        if cell.seeds == plan.study.seeds[0]:
            levels[cell.ticket.label, cell.target].append(cell)
            sources[cell.level].append(cell)
    yield ([one.id, other.id] for cells in levels.values() for one, other in pairwise(cells))
    yield (
        [cells[0].id, other.id]
        for cells in sources.values()
        for other in cells[1:]
        if other.ticket is not None and other.ticket != cells[0].ticket
    )
    yield ([cell.id for cell in by_seeds.values()] for by_seeds in runs.values())
