"""The results of a store as they are looked at, and what stands beside them: their inputs, and the model's files."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen

from ticketlang.jobs import CombineMasks, DrawMask, GivenMask, JobKey, Prune

from ..families import FAMILIES, Family
from ..masks import MASK_FILE, BoolArray, read_mask
from ..matrices import place_of
from ..models.description import today, weight_files
from ..store import JSON, Artifact, DamagedError, MissingFileError, Store
from ..store.layout import HEAD, MOVEMENT, WEIGHTS
from ..tensors import Array, names_in, read_tensors, shapes_in

MASK_KINDS = {job.kind for job in (Prune, DrawMask, GivenMask, CombineMasks)}


class Unknowable(Exception):  # noqa: N818  # its name says what happened
    """Something cannot be recomputed from what is there. Says why, in words that follow `not recomputed:`."""


@frozen(eq=False)
class Shelf:
    """Everything that a result may be compared with."""

    store: Store
    models: Mapping[str, Path] = field(factory=dict)  # digest -> folder, where it is known and at hand
    trunks: dict[str, Path | None] = field(factory=dict)  # model -> the first weights of it that are stored
    examples: dict[str, JSON] = field(factory=dict)  # what was read -> how many examples came of it, and their digest
    there: frozenset[JobKey] = field()  # all keys of the store

    @there.default
    def _all_keys(self) -> frozenset[JobKey]:
        return frozenset(self.store.stored())

    def find(self, key: JobKey) -> Artifact:
        """Raises Unknowable where it is not in the store: that is a finding of its own, made elsewhere."""
        try:
            return self.store.artifact(key)
        except MissingFileError:
            raise Unknowable("an input is not there") from None

    def is_mask(self, artifact: Artifact) -> bool:
        """Whether a result is a mask: of a job that makes masks, or of a training that pruned on its way."""
        return setting(artifact, "kind") in MASK_KINDS or setting(artifact, "gradually") is not None

    def mask(self, key: JobKey) -> dict[str, BoolArray]:
        return read_mask(self.find(key).path(MASK_FILE))

    def weights(self, key: JobKey) -> Path:
        """The file of weights that a job left."""
        return self._file(key, WEIGHTS, "weights were dropped")

    def movement(self, key: JobKey) -> Path:
        """The file of how far a training pulled its weights."""
        return self._file(key, MOVEMENT, "how far weights were pulled was dropped")

    def head(self, key: JobKey) -> Path:
        """The file of the heads that a job left."""
        return self._file(key, HEAD, "heads were dropped")

    def _file(self, key: JobKey, name: str, why_not: str) -> Path:
        artifact = self.find(key)
        if name not in artifact.files:
            raise Unknowable(why_not)
        return artifact.path(name)

    def matrices(self, artifact: Artifact, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        """What a pruning looked at: the weights of the training it names, or the pre-trained ones."""
        trained = setting(artifact, "weights")
        if trained is None:
            return self.pretrained(setting(artifact, "model"), names)
        return read_tensors(self.weights(JobKey(trained)), names)

    def pretrained(self, model: str, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        """Tensors of the pre-trained model, by the names that the trunk gives them."""
        if model not in self.models:
            raise Unknowable("the pre-trained weights lie elsewhere; name the SPEC that says where")
        return pretrained_in(self.models[model], names)

    def trunk(self, model: str) -> tuple[str, ...]:
        """The names of all parameters of a model's trunk, from the first weights of it that are stored."""
        if (path := self._weights_of(model)) is None:
            raise Unknowable("no stored weights name the parameters of the model")
        return names_in(path)

    def shapes(self, model: str) -> dict[str, tuple[int, ...]]:
        """The shapes of all matrices that any scope names, by stored weights or by the model's own files."""
        if (path := self._weights_of(model)) is not None:
            files = [path]
        elif model in self.models:
            files = [self.models[model] / name for name in weight_files(self.models[model])]
        else:
            raise Unknowable("neither the model nor any weights of it are at hand")
        found = {there: shape for file in files for there, shape in shapes_in(file).items()}
        return {
            name: shape for there, shape in found.items() for name in _names_of(there) if place_of(name) is not None
        }

    def configuration(self, model: str) -> Mapping[str, JSON]:
        """What the model's folder says of the network."""
        if model not in self.models:
            raise Unknowable("the model's configuration lies elsewhere; name the SPEC that says where")
        return dict(json.loads((self.models[model] / "config.json").read_text(encoding="utf-8")))

    def heads(self, model: str) -> int:
        """How many attention heads a layer of a model has."""
        return int(self.configuration(model)[self.family(model).heads])

    def family(self, model: str) -> Family:
        """How the family of a model names its parts."""
        return FAMILIES[str(self.configuration(model)["model_type"])]

    def _weights_of(self, model: str) -> Path | None:
        """The first weights of a model that are stored."""
        if model not in self.trunks:
            self.trunks[model] = next(self._stored_weights(model), None)
        return self.trunks[model]

    def _stored_weights(self, model: str) -> Iterator[Path]:
        for key in sorted(self.there):
            artifact = self.store.artifact(key)
            with suppress(DamagedError):  # another one will do
                if WEIGHTS in artifact.files and artifact.settings.get("model") == model:
                    yield artifact.path(WEIGHTS)


def pretrained_in(folder: Path, names: Collection[str]) -> Iterator[tuple[str, Array]]:
    """Tensors of a model's folder, by the names that the trunk gives them.

    Raises:
        Unknowable: its files are in another form, or name them in another way.
    """
    places = {name: file for file, its in weight_files(folder).items() for name in its}
    for name in names:
        # With a head in the checkpoint, its names begin with the trunk's own, as in `bert.encoder...`.
        found = [there for there in places if name in _names_of(there)]
        if len(found) != 1:
            raise Unknowable("the model's file names its weights in another way")
        try:
            ((_, tensor),) = read_tensors(folder / places[found[0]], found)
        except TypeError:
            raise Unknowable("the model's weights are not fp32") from None
        yield name, tensor.astype("float32", copy=False)


def _names_of(there: str) -> frozenset[str]:
    """The names that a parameter of a checkpoint may have in its trunk."""
    name = today(there)
    return frozenset((name, name.partition(".")[2]))


def name_of(artifact: Artifact) -> str:
    """What people call a result, with the first digits of its key."""
    key = artifact.key[:10]
    try:
        return f"`{artifact.labels[0]}` ({key})" if artifact.labels else key
    except (DamagedError, KeyError, TypeError):  # what is wrong with its record is a finding of its own
        return key


def setting(artifact: Artifact, *path: str) -> JSON:
    """A setting of a job: `setting(a, "pruning", "method")`; None where it is not said."""
    value: JSON = artifact.settings
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
