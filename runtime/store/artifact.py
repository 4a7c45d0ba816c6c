"""What a job left in the store: files whose digests are checked before anything reads them."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from attrs import define, field

from ticketlang.jobs import JobKey

from . import records
from .certificates import JSON, Certificate
from .disk import Disk, MissingFileError, StoreError
from .layout import CERTIFICATE, DIGESTS, PROVENANCE, RESULT
from .provenance import Provenance


class DamagedError(StoreError):
    """A stored file is not what was written."""

    def __init__(self, key: JobKey, name: str, reason: str) -> None:
        super().__init__(f"the stored result {key} is damaged: {name} {reason}; run again, and it is made anew")
        self.key = key


@define(slots=False, eq=False)
class Artifact:
    """One version of one job's files. Nothing is read before it is asked for, nor unchecked."""

    key: JobKey
    folder: Path
    disk: Disk = field(repr=False, factory=Disk)
    checked: dict[str, tuple[int, int, int]] = field(repr=False, factory=dict)  # name -> identity it had when checked

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files but the provenance and the list of digests themselves."""
        return tuple(self._digests)

    def path(self, name: str) -> Path:
        """Where a file lies, once its bytes are known to be those that were written.

        Raises:
            DamagedError: it is missing, or its digest is another.
        """
        if name not in self._digests:
            raise DamagedError(self.key, name, "is not part of it")
        path = self.folder / name
        try:
            identity = self.disk.identity(path)
            if self.checked.get(name) != identity:
                if self.disk.digest(path) != self._digests[name]:
                    raise DamagedError(self.key, name, "has changed since it was written")
                self.checked[name] = identity
        except MissingFileError:
            raise DamagedError(self.key, name, "is missing") from None
        return path

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
            raise DamagedError(self.key, PROVENANCE, "is missing") from None
        except (records.BadRecordError, KeyError, TypeError, AttributeError) as problem:
            raise DamagedError(self.key, PROVENANCE, f"cannot be trusted: {problem}") from None

    def verify(self) -> tuple[str, ...]:
        """Read everything, and say what is wrong with it: one sentence for each damaged file."""
        problems = []
        try:
            _ = self.provenance
            names = self.files
        except DamagedError as problem:
            return (str(problem),)
        for name in names:
            try:
                self.path(name)
            except DamagedError as problem:
                problems.append(str(problem))
        return tuple(problems)

    def _record(self, name: str) -> JSON:
        content = self.disk.read(self.path(name))
        try:
            return records.read(content)
        except records.BadRecordError as problem:
            raise DamagedError(self.key, name, f"cannot be read: {problem}") from None

    @cached_property
    def _digest_list(self) -> bytes:
        try:
            return self.disk.read(self.folder / DIGESTS)
        except MissingFileError:
            raise DamagedError(self.key, DIGESTS, "is missing") from None

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        try:
            found = records.read(self._digest_list)
        except records.BadRecordError as problem:
            raise DamagedError(self.key, DIGESTS, f"cannot be read: {problem}") from None
        if not isinstance(found, dict):
            raise DamagedError(self.key, DIGESTS, "cannot be read: it is no list of digests")
        return found
