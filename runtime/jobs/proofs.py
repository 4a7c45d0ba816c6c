"""What a training proves of itself: its steps and rates, the holes in its weights, its head, and what it saw."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import attrs
import numpy as np
from torch import Tensor

from ticketlang.jobs import FineTune, JobKey, PretrainedHead, ReachRewindPoint, settings
from ticketlang.study import Task

from ..masks import has_collapsed
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON, LAST_RATE, RATES, STEPS, Check
from ..tensors import digest_of_numbers
from ..training.batches import Encoded
from ..training.loop import Trained
from ..verification.trainings import course_of
from .certify import check_equal


def course_checks(job: FineTune | ReachRewindPoint, examples: int, trained: Trained) -> tuple[Check, ...]:
    """The optimizer took the steps of the recipe, each at its rate; by a formula that the training does not know.

    A schedule that never falls would agree with itself at every step (paper, section 3.3: rounds that ended at 90% of
    the rate they began with).

    Args:
        examples: of the first task.
    """
    course = course_of(settings(job), examples)
    return (
        check_equal(STEPS, course.ends - course.begins, trained.steps),
        check_equal(LAST_RATE, course.rates[-1] if course.rates else None, trained.last_rate),
        check_equal(RATES, digest_of_numbers(course.rates), digest_of_numbers(trained.rates)),
    )


def rate_facts(trained: Trained) -> dict[str, JSON]:
    rates = trained.rates
    return {"first": rates[0] if rates else None, "last": trained.last_rate, "trace": digest_of_numbers(rates)}


def holes(mask: Mask, parameters: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """For each matrix of a mask how many weights are zero where it removes them, and how many there are at all."""
    found = {}
    for name, bits in mask.kept.items():
        weight = parameters[name]
        found[name] = [int(((weight == 0) & ~bits.to(weight.device)).sum()), weight.numel()]
    return found


def zeros_kept(mask: Mask, parameters: Mapping[str, Tensor]) -> int:
    """How many of the weights that a mask keeps are zero all the same."""
    return sum(
        int(((parameters[name] == 0) & bits.to(parameters[name].device)).sum()) for name, bits in mask.kept.items()
    )


def sparsity_facts(found: Mapping[str, list[int]]) -> dict[str, JSON]:
    """The sparsity that was measured: over all matrices of the scope together, and where one passes nothing on."""
    removed, total = (sum(numbers[place] for numbers in found.values()) for place in (0, 1))
    return {
        "sparsity": removed / total,
        "collapsed": [name for name, (gone, size) in found.items() if has_collapsed(gone, size)],
    }


def head_policy(head: JobKey | PretrainedHead | None, task: Task, inputs: Mapping[JobKey, Artifact]) -> str:
    """In the words of the language, whatever the weights beside it are."""
    match head:
        case None:
            return task.head
        case PretrainedHead():
            return "pretrained"
    return "rewound" if inputs[head].settings["kind"] == "rewind-point" else "carried"


@lru_cache(maxsize=100)  # examples are prepared once in a process, and may be a corpus
def fingerprint(examples: Encoded) -> dict[str, JSON]:
    """How many examples there are, and a digest of all that the network may see of them: tokens, segments, labels."""
    digest = blake2b(digest_size=20)
    _digest_(digest, examples)
    return {"examples": len(examples), "digest": digest.hexdigest()}


def _digest_(digest: blake2b, value: object) -> None:
    """Add a value: arrays by their numbers, our own classes field by field.

    Raises:
        TypeError: what it holds may look another way tomorrow.
    """
    cls: Any = type(value)
    if isinstance(value, Tensor):
        value = value.cpu().numpy()
    if isinstance(value, np.ndarray):
        digest.update(f"{value.shape} {value.dtype} ".encode())
        digest.update(np.ascontiguousarray(value).reshape(-1).data)
    elif attrs.has(cls):
        for field in attrs.fields(cls):
            digest.update(f"{field.name} ".encode())
            _digest_(digest, getattr(value, field.name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        digest.update(f"{len(value)} ".encode())
        for item in value:
            _digest_(digest, item)
    elif value is None or isinstance(value, int | float | str):
        digest.update(f"{value!r} ".encode())
    else:
        raise TypeError(f"{type(value).__name__} has no fingerprint")
