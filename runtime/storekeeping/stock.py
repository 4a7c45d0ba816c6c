"""What a store holds and how much room that takes: looked up, and nothing written."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from ticketlang.jobs import CombineMasks, DrawMask, FineTune, GivenMask, Interpolate, JobKey, Prune, ReachRewindPoint

from ..store import Artifact, DamagedError, MissingFileError, Store
from ..store.layout import STATES

MASKS = "masks"
KINDS: Mapping[str, str] = {
    FineTune.kind: "trainings",
    ReachRewindPoint.kind: "rewind points",
    Interpolate.kind: "lines",
    **dict.fromkeys((Prune.kind, DrawMask.kind, GivenMask.kind, CombineMasks.kind), MASKS),
}
UNREADABLE = "unreadable"  # a kind of results, and the study they are of


@frozen(kw_only=True)
class Holding:
    """One stored result."""

    key: JobKey
    study: str  # it was first made for
    kind: str  # in words, as in KINDS
    label: str
    finished: str  # when it was begun: UTC, ISO 8601
    files: Mapping[str, int]  # name -> bytes

    @property
    def size(self) -> int:
        return sum(self.files.values())

    @property
    def states(self) -> int:
        """Bytes of weights that its training left; those of a rewind point are its result."""
        if self.kind != KINDS[FineTune.kind]:
            return 0
        return sum(size for name, size in self.files.items() if name in STATES)


@frozen(kw_only=True)
class Stock:
    """Everything in a store."""

    holdings: tuple[Holding, ...]
    places: Mapping[str, int]  # the folders of the store but that of the results, and their bytes
    last_runs: Mapping[str, str]  # study -> when it was last run: UTC, ISO 8601
    origins: Mapping[str, tuple[Path, ...]]  # study -> the specs it was run from, where those are several

    @property
    def size(self) -> int:
        return sum(holding.size for holding in self.holdings) + sum(self.places.values())


def stock(store: Store) -> Stock:
    """Look at every result, and at the size of all else.

    Raises:
        StoreError: the disk refuses.
    """
    holdings = []
    for key in store.stored():
        with suppress(MissingFileError):  # dropped meanwhile
            holdings.append(holding_of(store, store.artifact(key)))
    sizes = store.disk.sizes(store.folder)
    places = {name: size for name, size in sizes.items() if name != store.layout.artifacts.name}
    studies = dict.fromkeys(holding.study for holding in holdings)
    runs = {study: store.when_run(study) for study in studies}
    origins = {study: tuple(path for path in store.origins(study) if path.is_file()) for study in studies}
    return Stock(
        holdings=tuple(holdings),
        places=places,
        last_runs={study: at for study, at in runs.items() if at is not None},
        origins={study: paths for study, paths in origins.items() if len(paths) > 1},
    )


def holding_of(store: Store, artifact: Artifact) -> Holding:
    """One result as it lies there, whether or not it can be read."""
    files = store.disk.sizes(artifact.folder)
    try:
        labels, provenance = artifact.labels, artifact.provenance
        return Holding(
            key=artifact.key,
            study=provenance.study,
            kind=KINDS.get(artifact.settings["kind"], UNREADABLE),
            label=labels[0] if labels else artifact.key[:10],
            finished=provenance.started,
            files=files,
        )
    except (DamagedError, KeyError, TypeError):
        return Holding(
            key=artifact.key, study=UNREADABLE, kind=UNREADABLE, label=artifact.key[:10], finished="", files=files
        )
