"""Small studies built by hand, and jobs that are done in no time, for tests of what happens around the real ones."""

import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
from attrs import define, evolve, field, frozen
from rich.console import Console, RenderableType

from runtime.masks import MASK_FILE, write_mask
from runtime.progress import Silent
from runtime.schedulers.interruption import Stop
from runtime.schedulers.ran import Ran
from runtime.store import Artifact, Certificate, Check, Outcome, Provenance, Store, environment_of
from ticketlang.jobs import AnyJob, CombineMasks, DrawMask, FineTune, JobKey, MaskJob, key_of
from ticketlang.lay_out import lay_out, nothing_known
from ticketlang.plan import Cell, DataFacts, Facts, KnownResults, Plan, PlannedJob
from ticketlang.source import Source
from ticketlang.study import (
    Arm,
    ArmPattern,
    Claim,
    Data,
    MatchRule,
    Model,
    Pruning,
    Recipe,
    Seeds,
    Study,
    Task,
    Ticket,
    Transfer,
)
from ticketlang.units import Duration, Sparsity

AT = Source("handmade.ticket", "").end
RECIPE = Recipe(train=Duration(Fraction(3), "epochs"), batch=32, rate=Fraction(2, 100_000))

DENSE = Arm(name="dense", mask="none", weights="pretrained", at=AT)
RANDOM_MASK = Arm(name="random_mask", mask="random global", weights="ticket", at=AT)
RANDOM_INIT = Arm(name="random_init", mask="ticket", weights="random all", at=AT)


def levels(*percents: int) -> tuple[Sparsity, ...]:
    return tuple(Sparsity.percent(percent) for percent in percents)


def task(name: str, metric: str = "accuracy") -> Task:
    return Task(
        name=name,
        kind="classify sentence",
        data=Data(origin="files", name=f"{name}/{{split}}.jsonl", at=AT),
        text=("sentence",),
        label="label",
        metrics=(metric,),
        length=64,
        recipe=RECIPE,
        at=AT,
    )


def ticket(source: str | None, *percents: int, name: str = "imp", variant: tuple[tuple[str, str], ...] = ()) -> Ticket:
    return Ticket(
        name=name,
        source=(source,) if source else (),
        pruning=Pruning(method="magnitude", allocation="global", scope=("encoder",)),
        path=levels(*percents),
        levels=levels(*percents),
        variant=variant,
        at=AT,
    )


def transfer(name: str, percent: int, *targets: str) -> Transfer:
    return Transfer(ticket=name, levels=levels(percent), targets=targets, at=AT)


def rule(deviation: str | None, amount: int = 1, unit: str = "sd") -> MatchRule:
    return MatchRule(amount=Fraction(amount), unit=unit, deviation=deviation, at=AT)  # type: ignore[arg-type]


def claim(left: ArmPattern, relation: str, right: ArmPattern, name: str = "it", **more: object) -> Claim:
    sentence = f"{left} {relation} {right}"
    return Claim(name=name, left=left, relation=relation, right=right, sentence=sentence, at=AT, **more)  # type: ignore[arg-type]


def study(*tickets: Ticket, tasks: tuple[str, ...] = ("a", "b"), seeds: int = 2, **more: object) -> Study:
    return Study(
        name="handmade",
        model=Model(origin="folder", name="m", at=AT),
        seeds=tuple(Seeds.tied(seed) for seed in range(1, seeds + 1)),
        tasks={name: task(name) for name in tasks},
        tickets=tickets,
        at=AT,
        **more,  # type: ignore[arg-type]
    )


def plan(of: Study, known: KnownResults = nothing_known) -> Plan:
    return lay_out(of, Facts(model="m", data={name: DataFacts(digest=name) for name in of.tasks}), known)


def draw(seed: int, like: JobKey | None = None, labels: tuple[str, ...] = ()) -> PlannedJob:
    """A job that needs one other job, or none."""
    job = DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(50), seed=seed, like=like)
    return PlannedJob(key=key_of(job), job=job, group="draws", labels=labels or (f"draw {seed}",), known=None)


def plan_of_jobs(*jobs: PlannedJob, known: KnownResults = nothing_known) -> Plan:
    """A plan of these jobs, each after its inputs."""
    there = known([job.key for job in jobs])
    return Plan(
        study=study(),
        facts=Facts(model="m", data={}),
        jobs={job.key: evolve(job, known=there.get(job.key)) for job in jobs},
        cells={},
        masks={},
    )


@frozen
class Bench:
    """A workshop with nothing in it."""

    device: str = "cpu"

    def listen_to(self, stop: Stop) -> None:
        """Its jobs take no time."""


def mask_of(job: MaskJob) -> Mapping[str, "np.ndarray"]:
    """A mask of two small matrices whose lowest entries are gone."""
    kept = np.arange(20) >= (6 if isinstance(job, CombineMasks) else job.sparsity.removed(20))
    return {f"encoder.layer.{layer}.attention.self.query.weight": kept.reshape(4, 5) for layer in (0, 1)}


def perform(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: object, folder: Path) -> Outcome:
    """Do as a real job would: write files, and give back a result with its certificate."""
    if isinstance(job, MaskJob):
        mask = mask_of(job)
        write_mask(folder / MASK_FILE, mask)
        matrices = {name: [int((~kept).sum()), kept.size] for name, kept in mask.items()}
        removed = sum(gone for gone, _ in matrices.values())
        result = {"removed": removed, "total": 40, "sparsity": removed / 40, "matrices": matrices, "collapsed": []}
    else:
        if isinstance(job, FineTune) and job.keeps_weights:
            (folder / "weights.safetensors").write_bytes(bytes(range(100)))
        result = {"scores": {"accuracy": 0.5}, "metric": "accuracy", "steps": 3}
    return Outcome(result, Certificate((Check("it was done", 1, 1, True),), {"seed": 1}))


def publish(
    store: Store, planned: PlannedJob, outcome: Outcome | None = None, device: str = "cpu", seconds: float = 2.0
) -> Artifact:
    """Do a job and put it into a store, or put an outcome there."""
    staged = store.stage(planned.key)
    done = perform(planned.job, planned.key, {}, Bench(), staged)
    provenance = Provenance(
        study="handmade",
        started="2020-01-01T00:00:00+00:00",
        seconds=seconds,
        host="here",
        environment=environment_of(device),
    )
    return store.publish(planned, staged, outcome or done, provenance)


def fill(store: Store, of: Plan, score: Callable[[Cell], float | None]) -> None:
    """Give every cell its score, and every mask a mask; None leaves a cell open."""
    for key in of.masks:
        publish(store, of.jobs[key])
    for cell, key in of.cells.items():
        value = score(cell)
        if value is not None and key not in store.known((key,)):
            metric = of.study.tasks[cell.target].metrics[0]
            publish(store, of.jobs[key], Outcome({"scores": {metric: value}, "metric": metric}, Certificate()))


def same_as_golden(path: Path, text: str) -> bool:
    """Compare with a stored text; with REFRESH_GOLDENS in the environment the stored text is written anew."""
    if "REFRESH_GOLDENS" in os.environ:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text


def shown(*parts: RenderableType, width: int, height: int = 40) -> str:
    """What a terminal of this size shows, colours and trailing blanks aside."""
    console = Console(width=width, height=height, file=StringIO(), color_system=None, force_terminal=False)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


@define
class Heard(Silent):
    """Remembers what it was told."""

    plans: int = 0
    began: list[str] = field(factory=list)
    finished_jobs: list[str] = field(factory=list)
    failures: dict[str, str] = field(factory=dict)
    notices: list[str] = field(factory=list)
    endings: list[Ran] = field(factory=list)

    def planned(self, plan: Plan) -> None:
        self.plans += 1

    def started(self, planned_job: PlannedJob) -> None:
        self.began.append(planned_job.labels[0])

    def noticed(self, key: JobKey, text: str) -> None:
        self.notices.append(text)

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        self.finished_jobs.append(planned_job.labels[0])

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        self.failures[planned_job.labels[0]] = sentence

    def ended(self, ran: Ran) -> None:
        self.endings.append(ran)


def chain(length: int, first: int = 0) -> list[PlannedJob]:
    """Jobs each of which needs the one before, from a seed on."""
    jobs = [draw(first)]
    for seed in range(first + 1, first + length):
        jobs.append(draw(seed, like=jobs[-1].key))
    return jobs
