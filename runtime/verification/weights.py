"""Questions about stored weights: masked ones are zero, and trainings began at the point that they claim."""

from collections.abc import Iterator, Mapping

import numpy as np

from ticketlang.jobs import JobKey

from ..masks import BoolArray
from ..store import JSON, Artifact
from ..store.certificates import REWOUND
from ..tensors import Array, digest_of, names_in, read_tensors
from ..training.seeds import numpy_generator, stream
from .questions import Answer
from .shelf import Shelf, Unknowable, setting


def zeros(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the weights that a masked training left are zero where its mask says so."""
    key = setting(artifact, "mask")
    if key is None:
        return None
    mask, path = shelf.mask(JobKey(key)), shelf.weights(artifact.key)
    alive = {
        name: count
        for name, weight in read_tensors(path, mask)
        if (count := int(np.count_nonzero(weight[~mask[name]])))
    }
    wrong = tuple(f"has {count:,} weights in `{name}` that its mask removes" for name, count in alive.items())
    return Answer(1, wrong)


def origins(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the digest of the weights that a training began with is that of the declared point, masked."""
    check = next((check for check in artifact.certificate.checks if check.name == REWOUND), None)
    if check is None:
        return None
    model, key = setting(artifact, "model"), setting(artifact, "mask")
    mask = shelf.mask(JobKey(key)) if key is not None else {}
    declared = setting(artifact, "weights") or {"is": "Pretrained"}  # where a rewind point is reached from
    found = digest_of(_masked(_point(declared, model, mask, shelf), mask))
    return Answer(1, () if found == check.found else ("began with other weights than those of its declared point",))


def _masked(tensors: Iterator[tuple[str, Array]], mask: Mapping[str, BoolArray]) -> Iterator[tuple[str, Array]]:
    for name, tensor in tensors:
        yield name, np.where(mask[name], tensor, np.zeros((), tensor.dtype)) if name in mask else tensor


def _point(weights: JSON, model: str, mask: Mapping[str, BoolArray], shelf: Shelf) -> Iterator[tuple[str, Array]]:
    """The declared weights, one matrix after another, in order of the alphabet."""
    match weights:
        case {"is": "Pretrained"}:
            return shelf.pretrained(model, shelf.trunk(model))
        case {"is": "Reached", "job": key}:
            path = shelf.weights(JobKey(key))
            return read_tensors(path, names_in(path))
        case {"is": "PartlyRewound", "matrices": matrices, "rest": key}:
            path = shelf.weights(JobKey(key))
            return _mixed(_point(matrices, model, mask, shelf), read_tensors(path, names_in(path)), mask)
        case {"is": "Shuffled", "weights": inner, "seed": seed} if "over" not in weights:
            return _shuffled(_point(inner, model, mask, shelf), seed, mask)
    raise Unknowable("random weights, and layers that changed places, are not made again")


def _shuffled(
    tensors: Iterator[tuple[str, Array]], seed: int, mask: Mapping[str, BoolArray]
) -> Iterator[tuple[str, Array]]:
    for name, tensor in tensors:
        if name in mask:
            order = numpy_generator(stream(seed, "weights", "shuffle", name)).permutation(tensor.size)
            tensor = tensor.reshape(-1)[order].reshape(tensor.shape)
        yield name, tensor


def _mixed(
    point: Iterator[tuple[str, Array]], rest: Iterator[tuple[str, Array]], mask: Mapping[str, BoolArray]
) -> Iterator[tuple[str, Array]]:
    for (name, rewound), (_, left) in zip(point, rest, strict=True):
        yield name, rewound if name in mask else left
