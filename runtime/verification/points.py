"""Weights and heads as a training is declared to begin with them, from files and streams, by no code that trains.

`jobs/` holds each network against these before its first step, and `verify` the digests in certificates afterwards: a
rewind that does not rewind, a shuffle that moves nothing or another mask than the declared one cannot vouch for itself.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ticketlang.jobs import JobKey

from ..families import FAMILIES, Family
from ..masks import BoolArray
from ..matrices import layers_of
from ..store import JSON
from ..tensors import Array, names_in, read_tensors
from ..training.seeds import numpy_generator, stream, torch_generator

if TYPE_CHECKING:
    from torch import Generator

Named = Iterator[tuple[str, Array]]


class Files(Protocol):
    """Where there is what declared weights are made of. Each may raise `Unknowable`."""

    def pretrained(self, model: str, names: Collection[str]) -> Named:
        """Tensors of the pre-trained model, by the names that the trunk gives them."""

    def trunk(self, model: str) -> tuple[str, ...]:
        """The names of all parameters of a model's trunk, in order of the alphabet."""

    def weights(self, key: JobKey) -> Path:
        """The file of weights that a job left."""

    def configuration(self, model: str) -> Mapping[str, JSON]:
        """What the model's folder says of the network."""

    def family(self, model: str) -> Family:
        """How the family of a model names its parts."""


def declared_weights(said: JSON, model: str, mask: Mapping[str, BoolArray], files: Files) -> Named:
    """The trunk before the first step, its removed weights zero: one tensor after another, in order of the alphabet.

    Args:
        said: the weights of a job, as its settings have them.
    """
    return _masked(_point(said, model, mask, files), mask)


def first_heads(said: Mapping[str, JSON], shapes: Mapping[str, tuple[int, ...]], files: Files) -> Named:
    """The heads before any training, each drawn, or the model's own.

    Args:
        said: the settings of a training that takes no other's heads.
        shapes: of all tensors of its heads.
    """
    model = said["model"]
    for number, task in enumerate((said["task"], *said.get("joined", ()))):
        prefix = f"joined.{number - 1}." if number else ""
        its = {name for name in shapes if name.startswith("joined.") == bool(number) and name.startswith(prefix)}
        if said.get("head") is not None or task.get("head") == "pretrained":
            theirs_of = files.family(model).words.parameters
            found = {name: theirs_of[name.removeprefix(prefix)] for name in its}
            tensors = dict(files.pretrained(model, found.values()))
            yield from ((name, tensors[theirs]) for name, theirs in found.items())
            continue
        generator = torch_generator(stream(said["seeds"]["head"], "head", task["name"]))
        for name in sorted(its):  # the layer before the last, where a head has one, is drawn first
            yield name, _fresh(name, shapes[name], generator, files.configuration(model))


def _masked(tensors: Iterator[tuple[str, Array]], mask: Mapping[str, BoolArray]) -> Iterator[tuple[str, Array]]:
    for name, tensor in tensors:
        yield name, np.where(mask[name], tensor, np.zeros((), tensor.dtype)) if name in mask else tensor


def _point(weights: JSON, model: str, mask: Mapping[str, BoolArray], files: Files) -> Iterator[tuple[str, Array]]:
    """The declared weights, one matrix after another, in order of the alphabet."""
    match weights:
        case {"is": "Pretrained"}:
            return files.pretrained(model, files.trunk(model))
        case {"is": "Reached", "job": key}:
            path = files.weights(JobKey(key))
            return read_tensors(path, names_in(path))
        case {"is": "PartlyRewound", "matrices": matrices, "rest": key}:
            path = files.weights(JobKey(key))
            return _mixed(_point(matrices, model, mask, files), read_tensors(path, names_in(path)), mask)
        case {"is": "Shuffled", "weights": inner, "seed": seed} if "over" not in weights:
            return _shuffled(_point(inner, model, mask, files), seed, mask)
        case {"is": "Shuffled", "weights": inner, "seed": seed}:
            return _moved(dict(_point(inner, model, mask, files)), seed, mask)
        case {"is": "RandomWeights", "over": "all", "seed": seed}:
            return _drawn(files.pretrained(model, files.trunk(model)), seed, files.configuration(model))
        case {"is": "RandomWeights", "seed": seed}:
            point = tuple(files.pretrained(model, files.trunk(model)))
            drawn = _drawn((each for each in point if each[0] in mask), seed, files.configuration(model))
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
    draw = numpy_generator(stream(seed, "weights", "shuffle layers"))
    orders = (draw.permutation(len(layers)) for _ in count())
    order = next(order for order in orders if (order != np.arange(len(layers))).any())
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
