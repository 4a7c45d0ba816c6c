"""A study out of a store: its results and its spec in one archive that another machine can check."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex

from attrs import frozen

from ticketlang.jobs import JobKey

from ..failures import ExchangeError, UnwritableError
from ..store import Artifact, Store, records, release
from ..store.layout import DIGESTS, PROVENANCE
from .archive import Entry, write_archive
from .manifest import MANIFEST, SPEC, Manifest, name_of


@frozen(kw_only=True)
class Exported:
    """What an archive holds."""

    results: int
    missing: int  # results that the study has yet to have
    size: int  # bytes


def export_study(
    store: Store, study: str, spec: str, keys: Collection[JobKey], to: Path, *, with_states: bool = True
) -> Exported:
    """Write an archive, as a whole or not at all. The same results give the same bytes.

    Args:
        spec: everything that the study says, as one text.
        keys: of all its jobs.
        with_states: with the weights that trainings left.

    Raises:
        ExchangeError: a file is there already, or there is nothing to export.
        UnwritableError: the disk refuses to take it.
        StoreError: the store cannot be read, or a result in it is damaged.
    """
    if to.exists() or to.is_symlink():
        raise ExchangeError(f"{to} is there already; choose another name")
    there = sorted(store.known(keys))
    if not there:
        raise ExchangeError(f"the study {study} has no results yet: there is nothing to export")
    parcels = [_Parcel.of(store.artifact(key), with_states=with_states) for key in there]
    said = spec.encode()
    files = {SPEC: (len(said), records.digest(said))}
    files |= {name: its for parcel in parcels for name, its in parcel.table(store).items()}
    manifest = Manifest(study=study, release=release(), files=dict(sorted(files.items())))
    table = manifest.to_record()
    new = to.with_name(f".{to.name[:50]}.{token_hex(4)}.new")
    try:
        with new.open("xb") as file:
            write_archive(file, _entries(store, manifest, table, said, parcels))
            file.flush()
            os.fsync(file.fileno())  # before it has its name: a power cut leaves all of it, or none
        new.replace(to)
        size = to.stat().st_size
    except OSError as problem:
        raise UnwritableError(f"{to} cannot be written: {problem.strerror or problem}") from None
    finally:
        new.unlink(missing_ok=True)
    return Exported(results=len(there), missing=len(keys) - len(there), size=size)


@frozen(kw_only=True)
class _Parcel:
    """The files of one result that go into an archive."""

    artifact: Artifact
    rewritten: Mapping[str, bytes]  # which are others there than in the store

    @classmethod
    def of(cls, artifact: Artifact, *, with_states: bool) -> "_Parcel":
        _ = artifact.provenance  # refuses a list of digests that is not as it was written
        drops = not with_states and bool(artifact.states)
        return cls(artifact=artifact, rewritten=artifact.without_states() if drops else {})

    @property
    def names(self) -> tuple[str, ...]:
        dropped = self.artifact.states if self.rewritten else frozenset[str]()
        return (*(name for name in self.artifact.files if name not in dropped), DIGESTS, PROVENANCE)

    def table(self, store: Store) -> Mapping[str, tuple[int, str]]:
        sizes = store.disk.sizes(self.artifact.folder)
        return {name_of(self.artifact.key, name): self._said(store, name, sizes) for name in self.names}

    def _said(self, store: Store, name: str, sizes: Mapping[str, int]) -> tuple[int, str]:
        if name in self.rewritten:
            return len(self.rewritten[name]), records.digest(self.rewritten[name])
        path = self.artifact.folder / name
        digest = self.artifact.digests[name] if name in self.artifact.files else store.disk.digest(path)
        return sizes.get(name, 0), digest

    def pieces(self, store: Store, name: str) -> Iterable[bytes]:
        if name in self.rewritten:
            return (self.rewritten[name],)
        is_guarded = name in self.artifact.files
        return store.disk.pieces(self.artifact.path(name) if is_guarded else self.artifact.folder / name)


def _entries(
    store: Store, manifest: Manifest, table: bytes, spec: bytes, parcels: Iterable[_Parcel]
) -> Iterator[tuple[Entry, Iterable[bytes]]]:
    yield Entry(MANIFEST, len(table)), (table,)
    places = {name_of(parcel.artifact.key, name): (parcel, name) for parcel in parcels for name in parcel.names}
    for name, (size, _) in manifest.files.items():
        if name == SPEC:
            yield Entry(name, size), (spec,)
        else:
            parcel, its = places[name]
            yield Entry(name, size), parcel.pieces(store, its)
