"""A study into a store: nothing of an archive is trusted, and nothing published before all of it has been checked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex

from attrs import define, field, frozen

from ticketlang.jobs import JobKey, key_of_settings

from ..failures import ExchangeError
from ..store import Artifact, DamagedError, PublishedElsewhere, Store, StoreError
from ..store.layout import CERTIFICATE, DIGESTS, JOB, OURS, PROVENANCE, RESULT
from .archive import BadArchive, Entry, read_archive
from .manifest import LARGEST, MANIFEST, SPEC, Manifest, key_in
from .stock import KINDS

ADDED, THERE, BUSY = "added", "there", "busy"  # what becomes of a result


@frozen(kw_only=True)
class Imported:
    """What became of the results of an archive."""

    study: str
    spec: Path  # what it says, in the store
    added: int
    there: int  # which were there already, with the same bytes
    busy: int  # which somebody is doing or reading here now: left to them
    differing: tuple[str, ...]  # which are there with other bytes, and stay as they are; a sentence each


def import_study(store: Store, file: Path) -> Imported:
    """Read an archive of `export_study`: names, sizes, digests, keys and certificates first; then publish its results.

    Raises:
        ExchangeError: it is none, or not as it was written. Nothing has been published then.
        StoreError: the store's disk refuses.
    """
    token = JobKey(f"import-{token_hex(8)}")
    claim = store.claims.take(token)
    assert claim is not None, "nobody else has this token"
    staged = store.stage(token)
    try:
        with store.claims.beating(claim):  # so that no other run sweeps up what is staged
            reading = _Reading(store, staged, _size_of(file))
            try:
                with file.open("rb") as opened:
                    read_archive(opened, reading.take)
                artifacts = reading.artifacts()
            except BadArchive as problem:
                raise ExchangeError(f"{file} is refused: {problem}; nothing was taken from it") from None
            except OSError as problem:
                raise ExchangeError(f"{file} cannot be read: {problem.strerror or problem}") from None
            return _published(store, reading, artifacts)
    finally:
        with suppress(StoreError):  # what is left behind is swept up by the next run
            store.drop(staged)
        store.claims.release(claim)


def _size_of(file: Path) -> int:
    try:
        if not file.is_file():
            raise ExchangeError(f"{file} is {'a folder' if file.is_dir() else 'not there'}, and no archive")
        return file.stat().st_size
    except OSError as problem:
        raise ExchangeError(f"{file} cannot be read: {problem.strerror or problem}") from None


@define
class _Reading:
    """An archive as far as it has been read."""

    store: Store
    staged: Path
    size: int  # bytes of the archive
    manifest: Manifest | None = None
    spec: str = ""
    waiting: list[str] = field(factory=list)  # names that have yet to come

    def take(self, entry: Entry, pieces: Iterator[bytes]) -> None:
        """See `read_archive`."""
        if self.manifest is None:
            self._begin(entry, pieces)
            return
        if not self.waiting or entry.name != self.waiting[0]:
            raise BadArchive(f"it has `{entry.name}` where its {MANIFEST} has another file, or none")
        self.waiting.pop(0)
        size, digest = self.manifest.files[entry.name]
        if entry.size != size:
            raise BadArchive(f"`{entry.name}` has {entry.size} bytes, and its {MANIFEST} says {size}")
        state = blake2b(digest_size=20)
        if entry.name == SPEC:
            content = b"".join(pieces)
            state.update(content)
        else:
            self._write(entry.name, _seen(pieces, state))
        if state.hexdigest() != digest:
            raise BadArchive(f"`{entry.name}` is not what was written: its digest is another")
        if entry.name == SPEC:
            self.spec = _text(content)

    def _begin(self, entry: Entry, pieces: Iterator[bytes]) -> None:
        """Read the manifest, and refuse what cannot be before it takes memory or disk."""
        if entry.name != MANIFEST or entry.size > LARGEST:
            raise BadArchive("it is no archive of `ticketrun store export`")
        self.manifest = Manifest.from_record(b"".join(pieces))
        if self.manifest.size > self.size:
            raise BadArchive(f"it says that it holds {self.manifest.size} bytes, and has {self.size}")
        if (free := self.store.disk.free(self.staged)) < self.manifest.size:
            raise StoreError(f"the archive holds {self.manifest.size} bytes, and {free} are free in {self.staged}")
        self.waiting = list(self.manifest.files)
        for key in self.manifest.keys:
            self.store.disk.make_folder(self.staged / key)

    def _write(self, name: str, pieces: Iterator[bytes]) -> None:
        key = key_in(name)
        assert key is not None, "the manifest has only such names"
        self.store.disk.write_pieces(self.staged / key / name.rpartition("/")[2], pieces)

    def artifacts(self) -> Mapping[JobKey, Artifact]:
        """The results, each of which is what it says.

        Raises:
            BadArchive: some file is missing, or a result is not what its key, its digests or its certificate say.
        """
        if self.manifest is None or self.waiting:
            raise BadArchive("it ends before all of its files have come")
        found = {key: Artifact(key, self.staged / key, self.store.disk) for key in self.manifest.keys}
        for key, artifact in found.items():
            self._refuse_untrue(key, artifact, self.manifest)
        return found

    def _refuse_untrue(self, key: JobKey, artifact: Artifact, manifest: Manifest) -> None:
        try:
            _ = artifact.provenance, artifact.result, artifact.labels
            said = {name.rpartition("/")[2]: its for name, (_, its) in manifest.files.items() if key_in(name) == key}
            guarded = {name: its for name, its in said.items() if name not in {DIGESTS, PROVENANCE}}
            if artifact.digests != guarded or OURS - said.keys():
                raise BadArchive(f"the result {key} has other files than it lists")
            if key_of_settings(artifact.settings) != key or artifact.settings["kind"] not in KINDS:
                raise BadArchive(f"the result {key} lies under another key than its settings have")
            if not artifact.certificate.holds:
                raise BadArchive(f"the result {key} has a certificate that does not hold")
        except (DamagedError, KeyError, TypeError, AttributeError) as problem:
            raise BadArchive(f"the result {key} cannot be understood: {problem}") from None


def _seen(pieces: Iterator[bytes], state: "blake2b") -> Iterator[bytes]:
    for piece in pieces:
        state.update(piece)
        yield piece


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BadArchive(f"its {SPEC} is no text") from None


def _published(store: Store, reading: _Reading, artifacts: Mapping[JobKey, Artifact]) -> Imported:
    assert reading.manifest is not None, "it was read"
    for folder in (artifact.folder for artifact in artifacts.values()):
        store.disk.flush(folder)
    became = {key: _taken_in(store, key, artifact) for key, artifact in artifacts.items()}
    study = reading.manifest.study
    if store.when_run(study) is None:
        store.remember_run(study, reading.spec)
    counts = Counter(became.values())
    return Imported(
        study=study,
        spec=store.layout.last_run(study),
        added=counts[ADDED],
        there=counts[THERE],
        busy=counts[BUSY],
        differing=tuple(said for said in became.values() if said not in {ADDED, THERE, BUSY}),
    )


def _taken_in(store: Store, key: JobKey, artifact: Artifact) -> str:
    """Publish a result as a job would, under a claim. Says what became of it, or how another one there differs."""
    if (claim := store.claims.take(key)) is None:
        return BUSY
    try:
        difference = _compared(store, key, artifact)
        if difference is not None:
            return difference or THERE
        if store.claims.is_read(key):  # with the weights it lacks it would take the place of what somebody reads
            return BUSY
        store.put(key, artifact.folder)
        return ADDED
    except PublishedElsewhere:  # at this moment, by somebody who was taken for dead and did the same
        return THERE
    finally:
        store.claims.release(claim)


def _compared(store: Store, key: JobKey, theirs: Artifact) -> str | None:
    """How a result differs from the one that is there: empty where it does not; None where it is to be published."""
    if key not in store.known((key,)):
        return None
    ours = store.artifact(key)
    try:
        _ = ours.provenance
        mine, its = ours.digests, theirs.digests
    except DamagedError as problem:
        store.set_aside(problem.folder)
        return None
    if all(mine[name] == its[name] for name in mine.keys() & its.keys()):
        return None if its.keys() > mine.keys() else ""  # one that keeps the weights that ours has dropped is better
    others = [name for name in (RESULT, CERTIFICATE, JOB) if mine[name] != its[name]] or sorted(
        name for name in mine.keys() & its.keys() if mine[name] != its[name]
    )
    where = "; ".join(ours.provenance.environment.differences(theirs.provenance.environment))
    label = f"`{ours.labels[0]}` ({key[:10]})" if ours.labels else key[:10]
    why = f"they were made with {where}" if where else "both were made in the same environment"
    return f"{label} is there with another {others[0]}, and stays as it is: {why}"
