"""How networks were trained: every recipe that was in force, with what its runs counted; and the seeds of each run."""

from collections.abc import Iterator
from statistics import fmean

from attrs import define, field, fields, frozen

from ticketlang.jobs import FineTune
from ticketlang.plan import PlannedJob
from ticketlang.study import Recipe, Seeds, Task

from ..blocks import MISSING, Block, Column, Entry, Table
from ..evidence import Evidence


@frozen
class _Training:
    """What trainings have in common that stand in one row."""

    task: Task
    joined: tuple[str, ...]
    precision: str
    use: str  # `search` where a mask is found by it, `score` where a cell is scored by it


@define
class _Done:
    """What its runs found."""

    asked: int = 0
    steps: set[int] = field(factory=set)
    examples: set[int] = field(factory=set)
    seconds: list[float] = field(factory=list)


def trainings(evidence: Evidence) -> Iterator[Block]:
    """A row for each recipe: what was declared, and beside it steps, examples and seconds as they were counted."""
    found: dict[_Training, _Done] = {}
    scored = frozenset(evidence.plan.cells.values())
    for planned in evidence.plan.jobs.values():
        if isinstance(planned.job, FineTune):
            use = "score" if planned.key in scored else "search"
            joined = tuple(task.name for task in planned.job.joined)
            training = _Training(planned.job.task, joined, planned.job.precision, use)
            _count(evidence, planned, found.setdefault(training, _Done()))
    if found:
        yield Table(
            title="",
            columns=(
                *(Column(name, is_number=False) for name in ("task", "for", "train")),
                *(Column(name) for name in ("batch", "peak rate")),
                *(Column(name, is_number=False) for name in ("schedule", "warm-up", "optimizer", "metric")),
                *(Column(name) for name in ("tokens", "examples", "steps an epoch", "steps", "seconds", "done")),
            ),
            rows=tuple(_row(training, done) for training, done in found.items()),
            notes=("examples, steps and seconds as the runs counted them; seconds: mean of the wall clock",),
        )


def _count(evidence: Evidence, planned: PlannedJob, done: _Done) -> None:
    done.asked += 1
    result = evidence.result(planned.key)
    if result is None:
        return
    done.steps |= {int(result["steps"])} if "steps" in result else set()
    done.examples |= {int(result["examples"])} if "examples" in result else set()
    if planned.known is not None and planned.known.seconds is not None:
        done.seconds.append(planned.known.seconds)


def _row(training: _Training, done: _Done) -> tuple[Entry, ...]:
    recipe = training.task.recipe
    return (
        Entry("+".join(dict.fromkeys((training.task.name, *training.joined)))),
        Entry(training.use),
        Entry(str(recipe.train)),
        Entry(str(recipe.batch)),
        Entry(f"{float(recipe.rate):g}"),
        Entry(_schedule(recipe)),
        Entry(str(recipe.warmup)),
        Entry(f"{_optimizer(recipe)}, {training.precision}"),
        Entry(training.task.metrics[0]),
        Entry(str(training.task.length)),
        _range(done.examples),
        _range({recipe.steps_per_epoch(examples, 1 + len(training.joined)) for examples in done.examples}),
        _range(done.steps),
        Entry(f"{fmean(done.seconds):.0f}") if done.seconds else MISSING,
        Entry(f"{len(done.seconds)} of {done.asked}" if len(done.seconds) < done.asked else str(done.asked)),
    )


def _schedule(recipe: Recipe) -> str:
    return recipe.schedule if recipe.rounds == 1 else f"{recipe.schedule}, over {recipe.rounds} rounds"


def _optimizer(recipe: Recipe) -> str:
    optimizer = recipe.optimizer
    clip = "no clipping" if optimizer.clip is None else f"clip {float(optimizer.clip):g}"
    return f"{optimizer.method}, epsilon {float(optimizer.epsilon):g}, decay {float(optimizer.decay):g}, {clip}"


def _range(numbers: set[int]) -> Entry:
    if not numbers:
        return MISSING
    low, high = min(numbers), max(numbers)
    return Entry(f"{low:,}" if low == high else f"{low:,} to {high:,}")


def seeds(evidence: Evidence) -> Iterator[Block]:
    """A row for each run of the study, a column for each source of randomness."""
    said = {role.name: [getattr(run, role.name) for run in evidence.study.seeds] for role in fields(Seeds)}
    used = {role: its for role, its in said.items() if any(seed is not None for seed in its)}
    yield Table(
        title="",
        columns=(Column("run"), *map(Column, used)),
        rows=tuple(
            (Entry(str(i + 1)), *(Entry("" if its[i] is None else str(its[i])) for its in used.values()))
            for i in range(len(evidence.study.seeds))
        ),
        notes=(
            "search: head, order and dropout of the trainings that find a mask; mask: of random masks; weights: of"
            " random and shuffled weights; subset: which examples are taken",
        ),
    )
