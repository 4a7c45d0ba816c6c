"""What went wrong the last time a job was tried: a sentence for the user, and a log for whoever mends it."""

import traceback
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from attrs import define, frozen

from ticketlang.jobs import JobKey
from ticketlang.plan import PlannedJob

from . import records
from .disk import Disk, MissingFileError
from .layout import Layout


@frozen(kw_only=True)
class Failure:
    """A job that was tried and not done."""

    key: JobKey
    label: str  # what people call the job
    sentence: str
    when: str  # UTC, ISO 8601
    log: Path


@define
class Failures:
    """The failures of one store. A job that is done has none."""

    layout: Layout
    disk: Disk

    def record(self, planned: PlannedJob, sentence: str, error: BaseException) -> Failure:
        """Remember why a job failed, in place of what was remembered before."""
        key, label = planned.key, planned.labels[0] if planned.labels else planned.group
        when = datetime.now(UTC).isoformat(timespec="seconds")
        log = "".join(traceback.format_exception(error))
        self._replace(self.layout.log(key), f"{label}\n{key}\n{when}\n\n{log}".encode(errors="backslashreplace"))
        record = records.write({"label": label, "sentence": sentence, "when": when})
        self._replace(self.layout.failure(key), record)
        return Failure(key=key, label=label, sentence=sentence, when=when, log=self.layout.log(key))

    def of(self, key: JobKey) -> Failure | None:
        """Why a job failed; None where it did not, or where the record cannot be read."""
        try:
            value = records.read(self.disk.read(self.layout.failure(key)))
            return Failure(key=key, log=self.layout.log(key), **value)
        except (MissingFileError, records.BadRecordError, TypeError):
            return None

    def all(self) -> tuple[Failure, ...]:
        """Every recorded failure, by key."""
        names = sorted(name for name in self.disk.names(self.layout.failures) if name.endswith(".json"))
        return tuple(filter(None, (self.of(JobKey(name.removesuffix(".json"))) for name in names)))

    def forget(self, key: JobKey) -> None:
        self.disk.remove(self.layout.failure(key))
        self.disk.remove(self.layout.log(key))

    def _replace(self, path: Path, content: bytes) -> None:
        new = path.with_name(f"{path.name}.{token_hex(4)}.new")
        self.disk.write_new(new, content)
        self.disk.rename(new, path)
