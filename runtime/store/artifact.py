"""What a job left in the store: files whose digests are checked before anything reads them."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from attrs import define, field

from ticketlang.jobs import FineTune, JobKey

from . import records
from .certificates import JSON, Certificate
from .disk import Disk, MissingFileError, StoreError
from .layout import CERTIFICATE, DIGESTS, JOB, PROVENANCE, RESULT, STATES
from .provenance import Provenance

TENSORS = ".safetensors"
METADATA = "__metadata__"  # in the header of such a file, beside the tensors


class DamagedError(StoreError):
    """A stored file is not what was written."""

    def __init__(self, artifact: "Artifact", name: str, reason: str) -> None:
        super().__init__(f"the stored result {artifact.key} is damaged: its {name} {reason}")
        self.key, self.folder = artifact.key, artifact.folder


class DroppedError(DamagedError):
    """A file was never kept, or is no longer: what needs it has to have it made anew."""


@define(slots=False, eq=False)
class Artifact:
    """One version of one job's files. Nothing is read before it is asked for, nor unchecked."""

    key: JobKey
    folder: Path
    disk: Disk = field(repr=False, factory=Disk)
    checked: dict[str, tuple[int, int, int]] = field(repr=False, factory=dict)  # name -> identity it had when checked
    measured: dict[str, tuple[int, int, int]] = field(repr=False, factory=dict)  # the same, when its length was right

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files but the provenance and the list of digests themselves."""
        return tuple(self._digests)

    @property
    def digests(self) -> Mapping[str, str]:
        """Of all these files, by name."""
        return self._digests

    @property
    def states(self) -> frozenset[str]:
        """Its files that may be dropped: weights that a training left. Those of a rewind point are its result."""
        return STATES & {*self.files} if self.settings["kind"] == FineTune.kind else frozenset()

    def without_states(self) -> Mapping[str, bytes]:
        """The list of digests and the provenance that it would have if it kept no states of a training.

        Raises:
            DamagedError: one of the two is not as it was written.
        """
        provenance = self.provenance
        kept = {name: digest for name, digest in self._digests.items() if name not in self.states}
        digests = records.write(kept)
        return {
            DIGESTS: digests,
            PROVENANCE: provenance.to_record(digests, files=len(kept) + len({DIGESTS, PROVENANCE})),
        }

    def path(self, name: str) -> Path:
        """Where a file lies, once its bytes are known to be those that were written.

        Raises:
            DamagedError: it is missing, or its digest is another.
            DroppedError: the artifact is whole without it.
        """
        if name not in self._digests:
            raise DroppedError(self, name, "is not part of it")
        path = self.folder / name
        try:
            identity = self.disk.identity(path)
            if self.checked.get(name) != identity:
                if self.disk.digest(path) != self._digests[name]:
                    raise DamagedError(self, name, "has changed since it was written")
                self.checked[name] = identity
        except MissingFileError:
            raise DamagedError(self, name, "is missing") from None
        return path

    @cached_property
    def settings(self) -> Mapping[str, JSON]:
        """Everything that its key is made from, as `jobs.settings` wrote it."""
        return dict(self._record(JOB)["settings"])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What people called it when it was made."""
        return tuple(self._record(JOB)["labels"])

    @cached_property
    def result(self) -> Mapping[str, JSON]:
        return dict(self._record(RESULT))

    @cached_property
    def certificate(self) -> Certificate:
        return Certificate.from_json(self._record(CERTIFICATE))

    @cached_property
    def provenance(self) -> Provenance:
        try:
            return Provenance.from_record(self.disk.read(self.folder / PROVENANCE), self._digest_list)
        except MissingFileError:
            raise DamagedError(self, PROVENANCE, "is missing") from None
        except (records.BadRecordError, KeyError, TypeError, AttributeError) as problem:
            raise DamagedError(self, PROVENANCE, f"cannot be trusted: {problem}") from None

    def check(self, *, but_for_states: bool = False) -> None:
        """Read everything, and compare it with what was written.

        Args:
            but_for_states: leave out what is large, and read by trainings alone.

        Raises:
            DamagedError: of the first file that is another.
        """
        _ = self.provenance
        for name in self.files:
            if not (but_for_states and name in STATES):
                self.path(name)

    def skim(self) -> None:
        """Compare its records with what was written, and of tensors their lengths alone: their bytes are many.

        Raises:
            DamagedError: of the first file that is another.
        """
        _ = self.provenance
        for name in self.files:
            if name.endswith(TENSORS):
                self._measure(name)
            else:
                self.path(name)

    def _measure(self, name: str) -> None:
        """Whether a file of tensors is as long as it says at its beginning."""
        path = self.folder / name
        try:
            identity = self.disk.identity(path)
            if self.measured.get(name) == identity:
                return
            beginning = self.disk.piece(path, 0)
        except MissingFileError:
            raise DamagedError(self, name, "is missing") from None
        try:
            begin = 8 + int.from_bytes(beginning[:8], "little")
            header = json.loads(beginning[8:begin])
            end = max((its["data_offsets"][1] for key, its in header.items() if key != METADATA), default=0)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            raise DamagedError(self, name, "has changed since it was written") from None
        if begin + end != identity[1]:
            raise DamagedError(self, name, "is not as long as it was written")
        self.measured[name] = identity

    def verify(self) -> tuple[str, ...]:
        """Read everything, and say what is wrong with it: one sentence for each damaged file."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[str]:
        try:
            _ = self.provenance
            names = self.files
        except DamagedError as problem:
            yield str(problem)
            return
        for name in names:
            try:
                self.path(name)
            except DamagedError as problem:
                yield str(problem)

    def _record(self, name: str) -> JSON:
        content = self.disk.read(self.path(name))
        try:
            return records.read(content)
        except records.BadRecordError as problem:
            raise DamagedError(self, name, f"cannot be read: {problem}") from None

    @cached_property
    def _digest_list(self) -> bytes:
        try:
            return self.disk.read(self.folder / DIGESTS)
        except MissingFileError:
            raise DamagedError(self, DIGESTS, "is missing") from None

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        try:
            found = records.read(self._digest_list)
        except records.BadRecordError as problem:
            raise DamagedError(self, DIGESTS, f"cannot be read: {problem}") from None
        if not isinstance(found, dict):
            raise DamagedError(self, DIGESTS, "cannot be read: it is no list of digests")
        return found
