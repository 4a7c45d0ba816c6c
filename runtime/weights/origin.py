"""A job's declaration of its weights -> the weights themselves, as fresh tensors each time they are asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from ticketlang.jobs import JobKey, PartlyRewound, Pretrained, RandomWeights, Reached, Shuffled, Weights

from ..failures import JobFailed
from ..models import trunk
from ..models.checkpoint import State
from ..pruning.mask import Mask
from .files import read_state
from .random import redraw
from .shuffled import shuffle, shuffle_layers


def origin(weights: Weights, mask: Mask | None, model: trunk.Pretrained, reached: Callable[[JobKey], Path]) -> State:
    """The trunk's parameters before the mask is applied and training begins.

    Args:
        reached: finds the file of weights that a job left.

    Raises:
        JobFailed: if it speaks of the masked matrices where there is no mask.
    """
    match weights:
        case Pretrained():
            return model.read_again()
        case Reached(job=key):
            return read_state(reached(key))
        case PartlyRewound(matrices=point, rest=key):
            rewound = origin(point, mask, model, reached)
            return read_state(reached(key)) | {name: rewound[name] for name in _masked(mask)}
        case RandomWeights(over="all", seed=seed):
            return redraw(model.pattern, model.initializer_range, seed)
        case RandomWeights(seed=seed):
            return model.read_again() | redraw(model.pattern, model.initializer_range, seed, _masked(mask))
        case Shuffled(weights=inner, seed=seed, over="layers"):
            return shuffle_layers(origin(inner, mask, model, reached), _masked(mask), seed)
        case Shuffled(weights=inner, seed=seed):
            return shuffle(origin(inner, mask, model, reached), _masked(mask), seed)
    assert_never(weights)


def _masked(mask: Mask | None) -> tuple[str, ...]:
    if mask is None:
        raise JobFailed("weights of the pruned matrices are to be replaced, but this arm has no mask that names them")
    return tuple(mask.kept)
