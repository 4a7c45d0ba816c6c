"""Questions about stored weights: masked ones are zero, and trainings began with the weights and heads they claim."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ticketlang.jobs import JobKey

from ..families import FAMILIES
from ..masks import BoolArray
from ..matrices import layers_of
from ..store import JSON, Artifact
from ..store.certificates import HEAD_REWOUND, REWOUND
from ..tensors import Array, digest_of, names_in, read_tensors, shapes_in
from ..training.seeds import numpy_generator, stream, torch_generator
from .questions import Answer, found_by, is_of_an_earlier_release
from .shelf import Shelf, setting

if TYPE_CHECKING:
    from torch import Generator


def zeros(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the weights that a masked training left are zero where its mask says so."""
    key = artifact.key if setting(artifact, "gradually") is not None else setting(artifact, "mask")
    if key is None or setting(artifact, "kind") != "fine-tune":
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
    if setting(artifact, "kind") not in {"fine-tune", "rewind-point"}:
        return None
    model, key = setting(artifact, "model"), setting(artifact, "mask")
    mask = shelf.mask(JobKey(key)) if key is not None else {}
    declared = setting(artifact, "weights") or {"is": "Pretrained"}  # where a rewind point is reached from
    found = digest_of(_masked(_point(declared, model, mask, shelf), mask))
    is_it = found == found_by(artifact, REWOUND)
    return Answer(1, () if is_it else ("began with other weights than those of its declared point",))


def heads(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the digest of the heads that a training began with is that of the declared ones."""
    if setting(artifact, "kind") not in {"fine-tune", "rewind-point"}:
        return None
    found, key = found_by(artifact, HEAD_REWOUND), setting(artifact, "head")
    if found is None and is_of_an_earlier_release(artifact):
        return Answer(0, (), 1)
    if isinstance(key, str):
        path = shelf.head(JobKey(key))
        declared = digest_of(read_tensors(path, names_in(path)))
    else:
        declared = digest_of(sorted(_first_heads(artifact, shelf)))
    return Answer(1, () if declared == found else ("began with other heads than the declared ones",))


def _first_heads(artifact: Artifact, shelf: Shelf) -> Iterator[tuple[str, Array]]:
    """The heads before any training, in the shapes of those that this one left: each drawn, or the model's own."""
    path, model = shelf.head(artifact.key), setting(artifact, "model")
    shapes = shapes_in(path)
    for number, task in enumerate((setting(artifact, "task"), *(setting(artifact, "joined") or ()))):
        prefix = f"joined.{number - 1}." if number else ""
        its = {name for name in shapes if name.startswith("joined.") == bool(number) and name.startswith(prefix)}
        if setting(artifact, "head") is not None or task.get("head") == "pretrained":
            theirs_of = shelf.family(model).words.parameters
            found = {name: theirs_of[name.removeprefix(prefix)] for name in its}
            tensors = dict(shelf.pretrained(model, found.values()))
            yield from ((name, tensors[theirs]) for name, theirs in found.items())
            continue
        generator = torch_generator(stream(setting(artifact, "seeds", "head"), "head", task["name"]))
        for name in sorted(its):  # the layer before the last, where a head has one, is drawn first
            yield name, _fresh(name, shapes[name], generator, shelf.configuration(model))


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
        case {"is": "Shuffled", "weights": inner, "seed": seed}:
            return _moved(dict(_point(inner, model, mask, shelf)), seed, mask)
        case {"is": "RandomWeights", "over": "all", "seed": seed}:
            return _drawn(shelf.pretrained(model, shelf.trunk(model)), seed, shelf.configuration(model))
        case {"is": "RandomWeights", "seed": seed}:
            point = tuple(shelf.pretrained(model, shelf.trunk(model)))
            drawn = _drawn((each for each in point if each[0] in mask), seed, shelf.configuration(model))
            return iter(({**dict(point), **dict(drawn)}).items())
    raise ValueError(f"no weights are made as {weights}")


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


def _moved(tensors: dict[str, Array], seed: int, mask: Mapping[str, BoolArray]) -> Iterator[tuple[str, Array]]:
    """Layers in other places, each with all of its masked matrices."""
    layers = list(layers_of(mask).values())
    order = numpy_generator(stream(seed, "weights", "shuffle layers")).permutation(len(layers))
    from_where = {
        name: layers[place][part] for layer, place in zip(layers, order, strict=True) for part, name in layer.items()
    }
    for name, tensor in tensors.items():
        yield name, tensors[from_where[name]] if name in from_where else tensor


def _drawn(
    tensors: Iterator[tuple[str, Array]], seed: int, configuration: Mapping[str, JSON]
) -> Iterator[tuple[str, Array]]:
    """Fresh parameters in the shapes of these: matrices normal, biases zero, norms one, nothing for padding.

    torch alone has the numbers that torch draws.
    """
    for name, tensor in tensors:
        drawn = _fresh(name, tensor.shape, torch_generator(stream(seed, "weights", name)), configuration)
        if name.endswith(_padded(configuration)):
            fixed = FAMILIES[configuration["model_type"]].padding
            drawn[configuration.get("pad_token_id", 0) if fixed is None else fixed] = 0.0
        yield name, drawn


def _fresh(name: str, shape: tuple[int, ...], generator: "Generator", configuration: Mapping[str, JSON]) -> Array:
    if name.lower().endswith("norm.weight"):
        return np.ones(shape, dtype=np.float32)
    if name.endswith("bias"):
        return np.zeros(shape, dtype=np.float32)
    import torch

    deviation = configuration.get("initializer_range", 0.02)
    drawn: Array = torch.empty(shape).normal_(0.0, deviation, generator=generator).numpy()
    return drawn


def _padded(configuration: Mapping[str, JSON]) -> tuple[str, ...]:
    """Embeddings with a row for padding: of words, and of places where these are counted from behind it."""
    family = FAMILIES[configuration["model_type"]]
    places = ("position_embeddings.weight",) if family.positions_of_padding else ()
    return ("word_embeddings.weight", *places)
