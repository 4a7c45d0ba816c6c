"""What went wrong the last time a job was tried: a sentence for the user, and a log for whoever mends it."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from attrs import define, frozen

from ticketlang.jobs import JobKey
from ticketlang.plan import PlannedJob

from . import records
from .certificates import JSON
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
        trace = "".join(traceback.format_exception(error))
        log = f"{label}\n{key}\n{when}\n\n{trace}".encode(errors="backslashreplace")
        self._replace(self.layout.log(key), log)
        said = {"label": label, "sentence": sentence, "when": when, "log": records.digest(log)}
        sealed = {**said, "seal": records.digest(records.write(said))}
        self._replace(self.layout.failure(key), records.write(sealed))
        return Failure(key=key, label=label, sentence=sentence, when=when, log=self.layout.log(key))

    def of(self, key: JobKey) -> Failure | None:
        """Why a job failed; None where it did not, or where the record cannot be read."""
        try:
            value = self._record(key)
            return Failure(
                key=key,
                label=value["label"],
                sentence=value["sentence"],
                when=value["when"],
                log=self.layout.log(key),
            )
        except (MissingFileError, records.BadRecordError, KeyError, TypeError):
            return None

    def all(self) -> tuple[Failure, ...]:
        """Every recorded failure, by key."""
        names = sorted(name for name in self.disk.names(self.layout.failures) if name.endswith(".json"))
        return tuple(filter(None, (self.of(JobKey(name.removesuffix(".json"))) for name in names)))

    def problems(self) -> Iterator[str]:
        """What is damaged of what was recorded, a sentence each."""
        for name in sorted(self.disk.names(self.layout.failures)):
            key, dot, ending = name.partition(".")
            if dot and ending == "json":
                try:
                    log = self._record(JobKey(key))["log"]
                    if self.disk.digest(self.layout.log(JobKey(key))) != log:
                        yield f"the log of the failure of {key} has changed since it was written"
                except MissingFileError:
                    yield f"the log of the failure of {key} is missing"
                except records.BadRecordError as problem:
                    yield f"the record of the failure of {key} is damaged: {problem}"

    def _record(self, key: JobKey) -> dict[str, JSON]:
        """Raises BadRecordError where it is not as it was written."""
        value = records.read(self.disk.read(self.layout.failure(key)))
        if not isinstance(value, dict):
            raise records.BadRecordError("it is no record")
        if value.pop("seal", None) != records.digest(records.write(value)):
            raise records.BadRecordError("its seal is broken")
        return value

    def forget(self, key: JobKey) -> None:
        self.disk.remove(self.layout.failure(key))
        self.disk.remove(self.layout.log(key))

    def _replace(self, path: Path, content: bytes) -> None:
        new = path.with_name(f"{path.name}.{token_hex(4)}.new")
        self.disk.write_new(new, content)
        self.disk.rename(new, path)
