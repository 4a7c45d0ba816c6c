"""The units of work, and the keys that name them.

A key is a hash of everything that can change a job's result: its kind and revision, every setting with the defaults
written out, digests of the model and data it reads, and the keys of the jobs it takes its inputs from.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from hashlib import blake2b
from typing import Any, ClassVar, Literal, assert_never

import attrs
from attrs import field, frozen

from .study import OUTSIDE_KEY, Pruning, Task
from .units import Duration, Sparsity

KEY_SCHEME = 1


class JobKey(str):
    """The name of a job. Fields of this type are a job's inputs."""

    __slots__ = ()


class Job:
    """One unit of work. Every field is in its key, unless it is marked as outside."""

    kind: ClassVar[str]
    revision: ClassVar[int] = 1  # rises when the job's code changes what a result means


@frozen(kw_only=True)
class Pretrained:
    """The weights the model comes with."""


@frozen(kw_only=True)
class Reached:
    """The trunk as a job left it: a rewind point."""

    job: JobKey


@frozen(kw_only=True)
class PartlyRewound:
    """The masked matrices as they are at a point, and everything else as a training left it."""

    matrices: Pretrained | Reached
    rest: JobKey


@frozen(kw_only=True)
class RandomWeights:
    """Weights as drawn before any pre-training: the whole trunk, or the masked matrices alone."""

    over: str  # "all" or "pruned matrices"
    seed: int


@frozen(kw_only=True)
class Shuffled:
    """`weights` with the entries of each masked matrix permuted within it, or with the masked layers permuted whole."""

    weights: Pretrained | Reached | PartlyRewound
    seed: int
    over: str = field(default="entries", metadata={"neutral": "entries"})  # or "layers"


Weights = Pretrained | Reached | PartlyRewound | RandomWeights | Shuffled


@frozen(kw_only=True)
class PretrainedHead:
    """The head that the model was pre-trained with."""


@frozen(kw_only=True)
class TrainingSeeds:
    """Seeds of one training."""

    head: int
    order: int
    dropout: int
    subset: int


@frozen(kw_only=True)
class Gradually:
    """A pruning that goes on while a training does, up to a sparsity."""

    pruning: Pruning
    sparsity: Sparsity


@frozen(kw_only=True)
class FineTune(Job):
    """Train a network, masked or not, on one task and score it at the end."""

    kind = "fine-tune"
    model: str  # digest of weights, configuration and tokenizer
    task: Task  # with the recipe that is in force
    joined: tuple[Task, ...] = field(default=(), metadata={"neutral": ()})  # trained on together with the task
    data: str  # digest of the examples
    weights: Weights
    mask: JobKey | None
    head: JobKey | PretrainedHead | None = None  # the job whose head is taken; None: a fresh one
    begins: Duration | None = None  # the point of the schedule and the data at which training sets in; None: the start
    seeds: TrainingSeeds
    precision: str
    gradually: Gradually | None = field(default=None, metadata={"neutral": None})  # it leaves a mask, too
    keeps_weights: bool = field(default=False, metadata=OUTSIDE_KEY)  # some job reads them
    keeps_movement: bool = field(default=False, metadata=OUTSIDE_KEY)  # as above, of how far weights were pulled


@frozen(kw_only=True)
class ReachRewindPoint(Job):
    """Train the dense pre-trained network up to a point, and keep its weights and head (paper, Algorithm 1, line 1)."""

    kind = "rewind-point"
    model: str
    task: Task
    joined: tuple[Task, ...] = field(default=(), metadata={"neutral": ()})
    data: str
    until: Duration
    seeds: TrainingSeeds
    precision: str


@frozen(kw_only=True)
class Prune(Job):
    """Score weights and remove the lowest, never bringing back what an earlier mask removed."""

    kind = "prune"
    model: str
    pruning: Pruning
    sparsity: Sparsity  # in all, of the scope's original weights
    weights: JobKey | None  # the training whose weights are scored; None: the pre-trained ones
    start: JobKey | None  # the mask of the level before
    # The training, of which no step is taken, that gives gradients: by its head, its loss and its first batches.
    training: FineTune | None = field(default=None, metadata={"neutral": None})
    seed: int | None = field(default=None, metadata={"neutral": None})  # of a mask that is drawn


@frozen(kw_only=True)
class DrawMask(Job):
    """A mask drawn at random: one permutation a seed, so that its levels nest."""

    kind = "draw-mask"
    model: str
    scope: tuple[str, ...]
    sparsity: Sparsity
    seed: int
    like: JobKey | None  # the mask whose share in each matrix is kept; None: one draw over the whole scope


@frozen(kw_only=True)
class CombineMasks(Job):
    """A mask made of others: what one does not keep, what either of two keeps, or what both keep."""

    kind = "combine-masks"
    operation: Literal["inverted", "union", "intersection"]
    masks: tuple[JobKey, ...]


AnyJob = FineTune | ReachRewindPoint | Prune | DrawMask | CombineMasks
MaskJob = Prune | DrawMask | CombineMasks
KINDS: tuple[type[AnyJob], ...] = (ReachRewindPoint, FineTune, Prune, DrawMask, CombineMasks)


def canonical(value: Any) -> Any:
    """A value as JSON with one spelling: fractions as "n/d", objects as their class and fields.

    A field whose metadata says `key: False` is left out, and so is one that stands at the neutral value its metadata
    names: a field added later with one leaves the keys of earlier results as they are.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case Sparsity():
            return canonical(value.fraction)
        case tuple():
            return [canonical(item) for item in value]
    if not attrs.has(type(value)):
        raise TypeError(f"{type(value).__name__} has no canonical form")
    fields = {
        f.name: canonical(getattr(value, f.name))
        for f in attrs.fields(type(value))
        if f.metadata.get("key", True)
        and not ("neutral" in f.metadata and getattr(value, f.name) == f.metadata["neutral"])
    }
    return {"is": type(value).__name__, **fields}


def settings(job: AnyJob) -> dict[str, Any]:
    """Everything a job's key is made from, as JSON."""
    return {"scheme": KEY_SCHEME, "kind": job.kind, "revision": job.revision, **canonical(job)}


def key_of(job: AnyJob) -> JobKey:
    """The key of a job: 40 hexadecimal digits."""
    text = json.dumps(settings(job), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return JobKey(blake2b(text.encode(), digest_size=20).hexdigest())


def inputs_of(job: AnyJob) -> tuple[JobKey, ...]:
    """The keys a job takes its inputs from, in the order of its fields, each once."""
    return tuple(dict.fromkeys(_keys_in(job)))


def _keys_in(value: object) -> Iterator[JobKey]:
    cls = type(value)
    if isinstance(value, JobKey):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _keys_in(item)
    elif attrs.has(cls):
        for f in attrs.fields(cls):
            yield from _keys_in(getattr(value, f.name))


def describe(job: AnyJob) -> str:
    """What the job does, in a few words."""
    match job:
        case FineTune():
            pruned = "" if job.gradually is None else f", pruning to {job.gradually.sparsity}"
            return f"train on {job.task.name}{pruned}"
        case ReachRewindPoint():
            return f"train on {job.task.name} up to {job.until}"
        case Prune():
            return f"prune to {job.sparsity}"
        case DrawMask():
            return f"draw a random mask of {job.sparsity}"
        case CombineMasks():
            return "invert a mask" if job.operation == "inverted" else f"take the {job.operation} of two masks"
    assert_never(job)
