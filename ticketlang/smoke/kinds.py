"""Kinds of job, in words: finer than the classes of jobs, as fine as what can go wrong in them."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from attrs import evolve

from ..jobs import (
    AnyJob,
    CombineMasks,
    DrawMask,
    FineTune,
    GivenMask,
    Interpolate,
    JobKey,
    PartlyRewound,
    Pretrained,
    PretrainedHead,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    Weights,
)
from ..plan import Plan
from ..vocabulary.scopes import is_of_units

Jobs = Mapping[JobKey, AnyJob]


def kinds_of(plan: Plan) -> dict[JobKey, str]:
    """The kind of every job of a plan: `train: random weights, mask of a ticket`."""
    jobs: Jobs = {key: planned.job for key, planned in plan.jobs.items()}
    return {key: kind_of(job, jobs) for key, job in jobs.items()}


def kind_of(job: AnyJob, jobs: Jobs) -> str:
    """What kind of job it is.

    Args:
        jobs: of its plan; its inputs are among them.
    """
    match job:
        case FineTune():
            return f"train: {', '.join(_training(job, jobs))}"
        case ReachRewindPoint():
            return f"train up to a rewind point{_jointly(job)}"
        case Prune():
            start = "trained weights" if job.weights is not None else "weights as they are"
            return f"prune: {evolve(job.pruning, rise=None)}, {start}"
        case DrawMask():
            shape = "" if job.pattern is None else " {}:{}".format(*job.pattern)
            drawn = f"draw a{shape} mask{' of units' if is_of_units(job.scope) else ''}"
            return drawn + ("" if job.like is None else " with a ticket's share of each matrix")
        case GivenMask():
            return "read a mask from a file"
        case CombineMasks():
            return "invert a mask" if job.operation == "inverted" else f"take the {job.operation} of two masks"
        case Interpolate():
            return "score a line between trainings"
    assert_never(job)


def _training(job: FineTune, jobs: Jobs) -> Iterator[str]:
    yield _weights(job.weights, jobs)
    if job.mask is not None:
        yield _mask(jobs.get(job.mask))
    if isinstance(job.head, PretrainedHead):
        yield "pre-trained head"
    elif job.head is not None:
        yield "head of an earlier training"
    if job.begins is not None:
        yield "from a later point on"
    if job.gradually is not None:
        yield f"pruning by {job.gradually.pruning.method} meanwhile"
    if job.joined:
        yield "tasks by turns"


def _weights(weights: Weights, jobs: Jobs) -> str:
    match weights:
        case Pretrained():
            return "pre-trained weights"
        case Reached():
            return "rewound weights" if isinstance(jobs.get(weights.job), ReachRewindPoint) else "trained weights"
        case PartlyRewound():
            return "pruned matrices rewound"
        case RandomWeights():
            return "random weights" if weights.over == "all" else "random weights in pruned matrices"
        case Shuffled():
            return "shuffled weights" if weights.over == "entries" else "shuffled layers"
    assert_never(weights)


def _mask(job: AnyJob | None) -> str:
    match job:
        case DrawMask():
            return "random mask"
        case CombineMasks():
            return f"{job.operation} mask" if job.operation == "inverted" else f"{job.operation} of masks"
        case GivenMask():
            return "given mask"
        case _:
            return "mask of a ticket"


def _jointly(job: ReachRewindPoint) -> str:
    return ", tasks by turns" if job.joined else ""
