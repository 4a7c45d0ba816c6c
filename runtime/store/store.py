"""The results of all studies, one folder a job. The files are the truth: there is no index to fall out of step.

The life of an artifact: claimed, staged in the same file system, flushed, described by the digests of its files, and
published by one rename. Whatever is under its final name is therefore whole. A newer version of an artifact (one that
keeps weights, after one that dropped them) is published beside the older one, which is removed after that.
"""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, unquote_to_bytes

from attrs import define, field

from ticketlang.jobs import AnyJob, JobKey, settings
from ticketlang.plan import Known, PlannedJob
from ticketlang.reasons import Stored

from . import records
from .artifact import Artifact
from .certificates import Outcome
from .claims import Claims
from .disk import Disk, MissingFileError, StoreError
from .failures import Failures
from .layout import (
    CERTIFICATE,
    DIGESTS,
    FORMAT,
    JOB,
    MOVEMENT,
    OURS,
    PROVENANCE,
    RESULT,
    WEIGHTS,
    Layout,
    key_and_number,
)
from .provenance import Provenance

DEFAULT_FOLDER = Path(".ticketlang")


class PublishedElsewhere(Exception):  # noqa: N818  # its name says what happened
    """Of two who publish the same version of a result, this is the slower one."""


@define(eq=False)
class Store:
    """One folder of results, as one process sees it."""

    layout: Layout
    disk: Disk
    claims: Claims
    failures: Failures
    glanced: dict[str, tuple[int, Known | None]] = field(repr=False, factory=dict)  # name -> its number, what it holds
    opened: dict[JobKey, tuple[int, Artifact]] = field(repr=False, factory=dict)
    listed: Mapping[JobKey, tuple[str, int]] = field(
        repr=False, factory=dict
    )  # as the last look at the folder had them

    @classmethod
    def open(cls, folder: Path = DEFAULT_FOLDER, disk: Disk | None = None) -> "Store":
        """Open a store, or begin one where there is none.

        Raises:
            StoreError: the folder holds something else, or a store of another format; or the disk refuses.
        """
        disk = disk or Disk()
        layout = Layout(folder)
        _agree_on_format(layout, disk)
        return cls(layout, disk, Claims(layout, disk), Failures(layout, disk))

    @classmethod
    def look(cls, folder: Path = DEFAULT_FOLDER, disk: Disk | None = None) -> "Store":
        """A store to read from: nothing is begun, and nothing written.

        Raises:
            StoreError: there is none, or it has another format; or the disk refuses.
        """
        disk = disk or Disk()
        layout = Layout(folder)
        try:
            _refuse_other_formats(layout, disk)
        except MissingFileError:
            raise StoreError(f"there is no store in {folder}; say where it is with --store") from None
        return cls(layout, disk, Claims(layout, disk, only_looks=True), Failures(layout, disk))

    @classmethod
    def find(cls, folder: Path = DEFAULT_FOLDER, disk: Disk | None = None) -> "Store | None":
        """A store to read from, or None where none was begun yet: nothing is begun, and nothing written.

        Raises:
            StoreError: the folder holds something else, or a store of another format; or the disk refuses.
        """
        disk = disk or Disk()
        layout = Layout(folder)
        try:
            _refuse_other_formats(layout, disk)
        except MissingFileError:
            _refuse_strangers(layout, disk)
            return None
        return cls(layout, disk, Claims(layout, disk, only_looks=True), Failures(layout, disk))

    @property
    def folder(self) -> Path:
        return self.layout.root

    def stored(self) -> tuple[JobKey, ...]:
        """Of every result that is there, by the names of the folders alone."""
        return tuple(sorted(_newest_of(self.disk.names(self.layout.artifacts))))

    def known(self, keys: Collection[JobKey]) -> Mapping[JobKey, Known]:
        """Which of these jobs are done. One look at the folder, and one at each artifact not looked at before."""
        wanted, found = frozenset(keys), {}
        self.listed = _newest_of(self.disk.names(self.layout.artifacts))
        for key, (name, number) in self.listed.items():
            if key in wanted and (known := self._glance(name, number)) is not None:
                found[key] = known
        return found

    def artifact(self, key: JobKey) -> Artifact:
        """What a job left. Its files are checked as they are read.

        Raises:
            MissingFileError: there is none.
        """
        # One object for one version, so that its files are checked once.
        if key in self.opened and self._number(self.opened[key][1].folder) == self.opened[key][0]:
            return self.opened[key][1]
        name, number = self._newest(key)
        artifact = Artifact(key, self.layout.artifacts / name, self.disk)
        self.opened[key] = number, artifact
        return artifact

    def remembered(self) -> tuple[Stored, ...]:
        """Who asked for each stored job, its settings, and its time; what cannot be read is left out."""
        found = []
        for key, (name, number) in sorted(_newest_of(self.disk.names(self.layout.artifacts)).items()):
            try:
                content = self.disk.read(self.layout.artifacts / name / JOB)
                if records.digest(content) != records.read(self.disk.read(self.layout.artifacts / name / DIGESTS))[JOB]:
                    continue
                record = records.read(content)
                seconds = known.seconds if (known := self._glance(name, number)) else None
                found.append(Stored(key, tuple(record["labels"]), record["settings"], seconds))
            except (MissingFileError, records.BadRecordError, KeyError, TypeError):
                continue
        return tuple(found)

    def remember_run(self, study: str, said: str, spec: Path | None = None) -> None:
        """Keep what a study says, in place of what it said when it was last run.

        Args:
            spec: the file it was run from.
        """
        path = self.layout.last_run(study)
        new = path.with_name(f"{path.name}.{token_hex(4)}.new")
        self.disk.write_new(new, records.write_text(said))
        self.disk.rename(new, path)
        if spec is not None:
            # From here on, so that a folder with both means the same wherever it is copied to.
            # The bytes of a path need not be text, and what is kept is.
            at = quote(os.fsencode(os.path.relpath(spec.resolve(), self.folder.resolve())))
            with suppress(FileExistsError):  # it was run from there before
                self.disk.write_new(self.layout.origin(study, at), records.write_text(at))

    def origins(self, study: str) -> tuple[Path, ...]:
        """The specs that studies of this name were run from, whether or not they are still there."""
        found = []
        for name in sorted(self.disk.names(self.layout.studies)):
            if self.layout.is_origin(name, study):
                with suppress(MissingFileError, records.BadRecordError):
                    at = records.read_text(self.disk.read(self.layout.studies / name))
                    found.append((self.folder / os.fsdecode(unquote_to_bytes(at))).resolve())
        return tuple(found)

    def last_run(self, study: str) -> str | None:
        """What a study said when it was last run here; None: it never was.

        Raises:
            StoreError: that is no longer what was written.
        """
        path = self.layout.last_run(study)
        try:
            return records.read_text(self.disk.read(path))
        except MissingFileError:
            return None
        except records.BadRecordError as problem:
            raise StoreError(f"what {path} keeps of the last run is damaged: {problem}; run the study again") from None

    def when_run(self, study: str) -> str | None:
        """When a study was last run here: UTC, ISO 8601; None: it never was."""
        try:
            seconds = self.disk.identity(self.layout.last_run(study))[2] / 1e9
        except MissingFileError:
            return None
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

    def stage(self, key: JobKey) -> Path:
        """A new empty folder for the files of a job, which the caller has claimed. What earlier tries left goes."""
        for name in self.disk.names(self.layout.staging):
            if name.startswith(f"{key}."):
                self.disk.remove(self.layout.staging / name)
        folder = self.layout.staged(key, token_hex(8))
        self.disk.make_folder(folder)
        return folder

    def drop(self, staged: Path) -> None:
        """Give up what was staged."""
        self.disk.remove(staged)

    def publish(self, planned: PlannedJob, staged: Path, outcome: Outcome, provenance: Provenance) -> Artifact:
        """Make a staged job an artifact, whole or not at all.

        Raises:
            PublishedElsewhere: somebody who was taken for dead has done the same at the same moment.
        """
        self._describe(planned.job, planned.labels, staged, outcome, provenance)
        return self.put(planned.key, staged)

    def versions(self, key: JobKey) -> list[str]:
        """The names of the folders of a result: of one, unless a newer one has just been published."""
        return [name for name in self.disk.names(self.layout.artifacts) if _is_version_of(name, key)]

    def put(self, key: JobKey, staged: Path) -> Artifact:
        """Make a whole and flushed folder the newest version of an artifact, by one rename; older ones go.

        Raises:
            PublishedElsewhere: as above.
        """
        older = self.versions(key)
        version = max((_version(name) for name in older), default=0) + 1
        folder = self.layout.artifact(key, version)
        try:
            self.disk.rename(staged, folder)
        except FileExistsError:
            raise PublishedElsewhere(f"somebody else has stored {key} meanwhile") from None
        for name in older:
            self.disk.remove(self.layout.artifacts / name)
        self.failures.forget(key)
        artifact = Artifact(key, folder, self.disk)
        self.opened[key] = self.disk.identity(folder)[0], artifact
        return artifact

    def set_aside(self, folder: Path) -> None:
        """Take a damaged artifact out of the way, so that its job is done anew. It stays there to be looked at."""
        with suppress(MissingFileError):  # whoever found the same has done so already
            self.disk.rename(folder, self.layout.aside(JobKey(folder.name.partition(".")[0]), token_hex(8)))

    def sweep(self) -> None:
        """Remove what dead owners left: folders half staged, claims, and versions that a newer one replaced."""
        for name in self.disk.names(self.layout.staging):
            if not self.claims.is_taken(JobKey(name.partition(".")[0])):
                self.disk.remove(self.layout.staging / name)
        self.claims.sweep()
        # One list alone: a result that someone publishes now is in neither half of it.
        there = self.disk.names(self.layout.artifacts)
        newest = {name for name, _ in _newest_of(there).values()}
        for name in there:
            if key_and_number(name) and name not in newest:
                self.disk.remove(self.layout.artifacts / name)

    def _describe(
        self, job: AnyJob, labels: tuple[str, ...], staged: Path, outcome: Outcome, provenance: Provenance
    ) -> None:
        """Write what the store says about a job beside the job's own files, and bring all of it onto the medium."""
        made = sorted(self.disk.names(staged))
        if reserved := OURS.intersection(made):
            raise ValueError(f"a job writes files of its own, not {', '.join(sorted(reserved))}")
        for name in made:
            self.disk.flush(staged / name)
        written = {
            JOB: records.write({"settings": settings(job), "labels": list(labels)}),
            RESULT: records.write(dict(outcome.result)),
            CERTIFICATE: records.write(outcome.certificate.to_json()),
        }
        digests = {name: self.disk.digest(staged / name) for name in made}
        digests |= {name: records.digest(content) for name, content in written.items()}
        written[DIGESTS] = records.write(digests)
        written[PROVENANCE] = provenance.to_record(written[DIGESTS], files=len(made) + len(OURS))
        for name, content in written.items():
            self.disk.write_new(staged / name, content)
        self.disk.flush(staged)

    def _newest(self, key: JobKey) -> tuple[str, int]:
        """The folder of a result and its number. The folder of all is listed where the last list is out of date."""
        # Once for each of ten thousand results would be a hundred million names.
        if key in self.listed and self._number(self.layout.artifacts / self.listed[key][0]) == self.listed[key][1]:
            return self.listed[key]
        self.listed = _newest_of(self.disk.names(self.layout.artifacts))
        if key not in self.listed:
            raise MissingFileError(f"there is no stored result {key}")
        return self.listed[key]

    def _number(self, folder: Path) -> int | None:
        try:
            return self.disk.identity(folder)[0]
        except MissingFileError:
            return None

    def _glance(self, name: str, number: int) -> Known | None:
        """What a plan needs to know of an artifact; None where files are missing or cannot be understood."""
        if self.glanced.get(name, (0, None))[0] != number:
            self.glanced[name] = (number, self._look(name))
        return self.glanced[name][1]

    def _look(self, name: str) -> Known | None:
        """Two operations an artifact, since a plan may ask for ten thousand: digests are for when files are read."""
        folder = self.layout.artifacts / name
        try:
            there = self.disk.names(folder)
            facts = Provenance.facts_in(self.disk.read(folder / PROVENANCE))
            is_whole = len(there) == facts["files"]
            known = Known(
                study=facts["study"],
                keeps_weights=WEIGHTS in there,
                keeps_movement=MOVEMENT in there,
                seconds=facts["seconds"],
            )
        except (MissingFileError, records.BadRecordError, KeyError, TypeError):
            return None
        return known if is_whole else None


def _agree_on_format(layout: Layout, disk: Disk) -> None:
    """Read the number at the root, or write it where the folder is new or empty."""
    try:
        _refuse_other_formats(layout, disk)
    except MissingFileError:
        _begin(layout, disk)
        return
    _make_folders(layout, disk, disk.names(layout.root))


def _refuse_other_formats(layout: Layout, disk: Disk) -> None:
    """Raises MissingFileError where no number says which format it is."""
    found = disk.read(layout.format).decode(errors="replace").strip()
    if found != str(FORMAT):
        raise StoreError(
            f"the store {layout.root} has format {found[:20]!r}, and this ticketlang reads format {FORMAT}; "
            "use the release that made it, or another folder with --store"
        )


def _make_folders(layout: Layout, disk: Disk, there: Collection[str]) -> None:
    """Make those that are not there. A file in the place of one is told by whoever needs it; nobody needs the cache."""
    for folder in layout.folders:
        if folder.name not in there:
            disk.make_folder(folder, parents=True)


def _refuse_strangers(layout: Layout, disk: Disk) -> Collection[str]:
    """Of a folder without a number, refuse what is not ours. Returns the names in it."""
    try:
        there = disk.names(layout.root)
    except MissingFileError:
        there = {}
    ours = {folder.name for folder in layout.folders}
    if strangers := sorted(name for name in there.keys() - ours if name.partition(".")[0] != layout.format.name):
        raise StoreError(
            f"{layout.root} is no store: it holds {strangers[0]!r} and no format number; "
            "choose an empty or new folder with --store"
        )
    return there


def _begin(layout: Layout, disk: Disk) -> None:
    _make_folders(layout, disk, _refuse_strangers(layout, disk))
    # Others may begin it at the same moment, and none may read a number half written.
    new = layout.format.with_name(f"{layout.format.name}.{token_hex(4)}.new")
    disk.write_new(new, f"{FORMAT}\n".encode())
    disk.rename(new, layout.format)


def _newest_of(names: Mapping[str, int]) -> Mapping[JobKey, tuple[str, int]]:
    """Of every artifact in a list of names the newest version: its name, and the number the file system gave it."""
    newest: dict[JobKey, tuple[int, str, int]] = {}
    for name, number in names.items():
        if (parts := key_and_number(name)) is not None:
            newest[parts[0]] = max(newest.get(parts[0], (0, "", 0)), (parts[1], name, number))
    return {key: (name, number) for key, (_, name, number) in newest.items()}


def _version(name: str) -> int:
    parts = key_and_number(name)
    return parts[1] if parts else 0


def _is_version_of(name: str, key: JobKey) -> bool:
    parts = key_and_number(name)
    return parts is not None and parts[0] == key
