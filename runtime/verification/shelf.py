"""The results of a store as they are looked at, and what stands beside them: their inputs, and the model's files."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen

from ticketlang.jobs import JobKey

from ..masks import MASK_FILE, BoolArray, read_mask
from ..models.description import today, weight_files
from ..store import JSON, Artifact, DamagedError, MissingFileError, Store
from ..store.layout import WEIGHTS
from ..tensors import Array, names_in, read_tensors


class Unknowable(Exception):  # noqa: N818  # its name says what happened
    """Something cannot be recomputed from what is there. Says why, in words that follow `not recomputed:`."""


@frozen(eq=False)
class Shelf:
    """Everything that a result may be compared with."""

    store: Store
    models: Mapping[str, Path] = field(factory=dict)  # digest -> folder, where it is known and at hand
    trunks: dict[str, tuple[str, ...]] = field(factory=dict)  # model -> names of its trunk's parameters
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

    def mask(self, key: JobKey) -> dict[str, BoolArray]:
        return read_mask(self.find(key).path(MASK_FILE))

    def weights(self, key: JobKey) -> Path:
        """The file of weights that a job left."""
        artifact = self.find(key)
        if WEIGHTS not in artifact.files:
            raise Unknowable("weights were dropped")
        return artifact.path(WEIGHTS)

    def pretrained(self, model: str, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        """Tensors of the pre-trained model, by the names that the trunk gives them."""
        if model not in self.models:
            raise Unknowable("the pre-trained weights lie elsewhere; name the SPEC that says where")
        folder = self.models[model]
        places = {name: file for file, its in weight_files(folder).items() for name in its}
        for name in names:
            # With a head in the checkpoint, its names begin with the trunk's own, as in `bert.encoder...`.
            found = [there for there in places if name in {today(there), today(there).partition(".")[2]}]
            if len(found) != 1:
                raise Unknowable("the model's file names its weights in another way")
            try:
                ((_, tensor),) = read_tensors(folder / places[found[0]], found)
            except TypeError:
                raise Unknowable("the model's weights are not fp32") from None
            yield name, tensor.astype("float32", copy=False)

    def trunk(self, model: str) -> tuple[str, ...]:
        """The names of all parameters of a model's trunk, from the first weights of it that are stored."""
        if model not in self.trunks:
            self.trunks[model] = next(self._trunks(model), ())
        if not self.trunks[model]:
            raise Unknowable("no stored weights name the parameters of the model")
        return self.trunks[model]

    def _trunks(self, model: str) -> Iterator[tuple[str, ...]]:
        for key in sorted(self.there):
            artifact = self.store.artifact(key)
            with suppress(DamagedError):  # another one will do
                if WEIGHTS in artifact.files and artifact.settings.get("model") == model:
                    yield names_in(artifact.path(WEIGHTS))


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
