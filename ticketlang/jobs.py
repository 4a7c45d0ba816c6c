"""The units of work, and the keys that name them.

A key is a hash of everything that can change a job's result: its kind and revision, every setting with the defaults
written out, digests of the model and data it reads, and the keys of the jobs it takes its inputs from.
"""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, ClassVar, Literal, assert_never, get_args, get_type_hints

import attrs
from attrs import field, frozen

from .study import OUTSIDE_KEY, Pruning, Task
from .units import Duration, Sparsity

KEY_SCHEME = 1
NO_NEUTRAL = object()  # of a field that is always in the key


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
    masking: int | None = field(default=None, metadata={"neutral": None})  # None: as the order says


@frozen(kw_only=True)
class Gradually:
    """A pruning that goes on while a training does, up to a sparsity."""

    pruning: Pruning
    sparsity: Sparsity


@frozen(kw_only=True)
class FineTune(Job):
    """Train a network, masked or not, on one task and score it at the end."""

    kind = "fine-tune"
    revision = 2  # dropout is drawn for texts without padding
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
    revision = 2  # as above
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
    prunings: int = field(default=0, metadata=OUTSIDE_KEY)  # this one counted, as the path has them; 0: not said
    # The revision of the code that gives gradients. Another one gives others.
    trained_by: int = field(init=False, metadata={"neutral": 2})

    @trained_by.default
    def _revision_of_training(self) -> int:
        return 2 if self.training is None else self.training.revision


@frozen(kw_only=True)
class DrawMask(Job):
    """A mask drawn at random: one permutation a seed, so that its levels nest."""

    kind = "draw-mask"
    model: str
    scope: tuple[str, ...]
    sparsity: Sparsity
    seed: int
    like: JobKey | None  # the mask whose share in each matrix is kept; None: one draw over the whole scope
    pattern: tuple[int, int] | None = field(default=None, metadata={"neutral": None})  # (2, 4): 2 of every 4 are kept


@frozen(kw_only=True)
class GivenMask(Job):
    """A mask out of a file: it must fit the model and the scope, and be as sparse as is declared."""

    kind = "given-mask"
    model: str
    file: str  # digest
    missing: str  # of matrices that the file lacks: "nothing" (none may), "dense", "by magnitude"
    scope: tuple[str, ...]
    sparsity: Sparsity


@frozen(kw_only=True)
class CombineMasks(Job):
    """A mask made of others: what one does not keep, what either of two keeps, or what both keep."""

    kind = "combine-masks"
    operation: Literal["inverted", "union", "intersection"]
    masks: tuple[JobKey, ...]


@frozen(kw_only=True)
class Interpolate(Job):
    """Score the networks on the straight line between two trained ones (Frankle et al. 2020, section 2)."""

    kind = "interpolate"
    joined: ClassVar[tuple[Task, ...]] = ()  # what is trained jointly has no task of its own to be scored on
    model: str
    task: Task
    data: str
    one: JobKey  # the training at the beginning of the line
    other: JobKey  # the one at its end
    weights: Weights  # that the first began with
    mask: JobKey | None  # of the first; what it removes is gone at the other end, too
    points: int = 11  # evenly spaced, the ends among them
    seeds: TrainingSeeds  # of the first
    precision: str


MaskJob = Prune | DrawMask | GivenMask | CombineMasks
AnyJob = FineTune | ReachRewindPoint | MaskJob | Interpolate
KINDS: tuple[type[AnyJob], ...] = (ReachRewindPoint, FineTune, Prune, DrawMask, GivenMask, CombineMasks, Interpolate)


PLAIN = (str, bool, int)  # what JSON has one spelling for
SPELL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def canonical(value: Any) -> Any:
    """A value as JSON with one spelling: fractions as "n/d", objects as their class and fields.

    A field whose metadata says `key: False` is left out, and so is one that stands at the neutral value its metadata
    names: a field added later with one leaves the keys of earlier results as they are.
    """
    if value is None or isinstance(value, PLAIN):  # most are
        return value
    match value:
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case Sparsity():
            return canonical(value.fraction)
        case tuple():
            return [canonical(item) for item in value]
        case Task():
            return _canonical_task(value)
    return _fields_in_key(value)


@lru_cache(maxsize=1000)
def _canonical_task(task: Task) -> Any:
    """A plan of ten thousand jobs speaks of a dozen tasks."""
    return _fields_in_key(task)


def _fields_in_key(value: Any) -> dict[str, Any]:
    cls: Any = type(value)  # mypy takes no class for a thing that a cache can hold
    fields = {"is": cls.__name__}
    for name, neutral in _keyed(cls):
        found = getattr(value, name)
        if neutral is NO_NEUTRAL or found != neutral:
            fields[name] = canonical(found)
    return fields


@cache
def _keyed(cls: type) -> tuple[tuple[str, Any], ...]:
    """The fields of a class that are in the key, each with its neutral value."""
    if not attrs.has(cls):
        raise TypeError(f"{cls.__name__} has no canonical form")
    fields = (f for f in attrs.fields(cls) if f.metadata.get("key", True))
    return tuple((f.name, f.metadata.get("neutral", NO_NEUTRAL)) for f in fields)


def settings(job: AnyJob) -> dict[str, Any]:
    """Everything a job's key is made from, as JSON."""
    return {"scheme": KEY_SCHEME, "kind": job.kind, "revision": job.revision, **canonical(job)}


def key_of(job: AnyJob) -> JobKey:
    """The key of a job: 40 hexadecimal digits."""
    return key_of_settings(settings(job))


def key_of_settings(said: Mapping[str, Any]) -> JobKey:
    """The key of the job whose settings these are."""
    return JobKey(blake2b(SPELL(said).encode(), digest_size=20).hexdigest())


def inputs_of(job: AnyJob) -> tuple[JobKey, ...]:
    """The keys a job takes its inputs from, in the order of its fields, each once."""
    return tuple(dict.fromkeys(_keys_in(job)))


def _keys_in(value: object) -> Iterator[JobKey]:
    """Keys in a job and in the classes of this file that its fields hold; what a study says has none."""
    cls: Any = type(value)
    if isinstance(value, JobKey):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _keys_in(item)
    elif cls.__module__ == __name__:
        for name, _ in _keyed(cls):
            yield from _keys_in(getattr(value, name))


def inputs_in(said: Mapping[str, Any]) -> dict[str, JobKey]:
    """The inputs that a job's settings name, by their field: `{"mask": ..., "weights job": ...}`."""
    return dict(_keys_said(said))


def _keys_said(said: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, JobKey]]:
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from _keys_said(value, f"{path}{name} ")
        elif name in _key_fields().get(said.get("is", ""), ()):
            several = value if isinstance(value, list) else [value]
            for number, key in enumerate(several, start=1):
                if isinstance(key, str):
                    yield f"{path}{name}" if several is not value else f"{path}{name} {number}", JobKey(key)


@cache
def _key_fields() -> dict[str, frozenset[str]]:
    """The fields that may hold a key, of every class that settings are made from."""
    found: dict[str, frozenset[str]] = {}
    waiting: list[Any] = list(KINDS)
    while waiting:
        cls = waiting.pop()
        if attrs.has(cls) and cls.__name__ not in found:
            types = {f.name: get_type_hints(cls)[f.name] for f in attrs.fields(cls)}
            parts = {name: get_args(hint) or (hint,) for name, hint in types.items()}
            found[cls.__name__] = frozenset(name for name, its in parts.items() if JobKey in its)
            waiting += [part for its in parts.values() for part in its]
    return found


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
        case GivenMask():
            return f"read a mask of {job.sparsity} from a file"
        case CombineMasks():
            return "invert a mask" if job.operation == "inverted" else f"take the {job.operation} of two masks"
        case Interpolate():
            return f"score the line between two trainings on {job.task.name}"
    assert_never(job)
