"""Where, when and on what a result was made: the one part of an artifact that differs when a job runs again."""

import json
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from attrs import asdict, field, frozen

from . import records
from .certificates import JSON

# What can change the last bits of a result.
PACKAGES = ("numpy", "torch", "transformers")


@frozen
class Environment:
    """What a result may depend on beyond its key: those of one that names its processor are equal to the bit."""

    device: str  # "cpu", or the name of the accelerator
    threads: int  # of torch; 0 where it was not loaded
    machine: str  # such as `x86_64, Intel(R) Xeon(R) Platinum 8481C`: libraries choose their ways by it
    versions: Mapping[str, str] = field(factory=dict)  # of Python and of the packages that compute

    @classmethod
    def from_json(cls, value: JSON) -> "Environment":
        """Raises TypeError for what this class never wrote."""
        found = cls(value["device"], value["threads"], value["machine"], dict(value["versions"]))
        texts = (found.device, found.machine, *found.versions, *found.versions.values())
        if not all(isinstance(text, str) for text in texts) or not isinstance(found.threads, int):
            raise TypeError("an environment has names and a number of threads")
        return found

    def differences(self, other: "Environment") -> tuple[str, ...]:
        """What differs, in words: `threads 2 and 8`."""
        mine, theirs = self._named(), other._named()
        names = dict.fromkeys((*mine, *theirs))
        return tuple(
            f"{name} {mine.get(name, 'none')} and {theirs.get(name, 'none')}"
            for name in names
            if mine.get(name) != theirs.get(name)
        )

    def _named(self) -> dict[str, str]:
        return {"device": self.device, "threads": str(self.threads), "machine": self.machine, **self.versions}


def environment_of(device: object) -> Environment:
    """The environment of jobs that this process runs on a device. Loads nothing that is not loaded."""
    torch = sys.modules.get("torch")
    name = str(device)
    if torch is not None and name.startswith("cuda"):
        name = torch.cuda.get_device_name(device)
    threads = torch.get_num_threads() if torch is not None else 0
    return Environment(name, threads, machine(), versions())


@cache
def machine() -> str:
    """What kind of machine this is, and the model of its processor where the system tells."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return f"{platform.machine()}, {line.partition(':')[2].strip()}"
    return platform.machine()


@cache
def versions() -> Mapping[str, str]:
    """Of Python and of the packages that compute; read once, since that takes milliseconds."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


@cache
def release() -> str:
    """Which ticketlang this is."""
    try:
        return version("ticketlang")
    except PackageNotFoundError:  # it runs from a folder that nobody installed
        return "unknown"


@frozen(kw_only=True)
class Provenance:
    """The circumstances of one result."""

    study: str  # it was first made for
    started: str  # UTC, ISO 8601
    seconds: float  # of the wall clock
    host: str
    environment: Environment
    release: str = ""  # of ticketlang; empty: of one that did not say so
    resumed: tuple[int, ...] = ()  # steps after which the job was interrupted, and went on from a checkpoint

    def to_record(self, digests: bytes, files: int) -> bytes:
        """As a file that seals itself, and the list of digests beside it: no bit of an artifact is unguarded.

        Args:
            digests: the bytes of the list.
            files: how many there are in the folder, this one among them.
        """
        facts = {**asdict(self), "digests": records.digest(digests), "files": files}
        return records.write({**facts, "seal": records.digest(records.write(facts))})

    @staticmethod
    def facts_in(content: bytes) -> dict[str, JSON]:
        """What a record says, its own seal aside. Raises BadRecordError where that is broken."""
        try:
            facts = dict(json.loads(content))
            if facts.pop("seal", None) == records.digest(records.write(facts)):
                return facts
        except (ValueError, TypeError, RecursionError) as problem:
            raise records.BadRecordError(str(problem)) from None
        raise records.BadRecordError("its seal is broken")

    @classmethod
    def from_record(cls, content: bytes, digests: bytes) -> "Provenance":
        """Raises BadRecordError where the record, or the list of digests, is not as it was written."""
        records.read(content)
        facts = cls.facts_in(content)
        if facts.pop("digests", None) != records.digest(digests):
            raise records.BadRecordError("it belongs to another list of digests")
        facts.pop("files", None)
        resumed = tuple(facts.get("resumed", ()))
        made = cls(**{**facts, "environment": Environment.from_json(facts["environment"]), "resumed": resumed})
        texts = (made.study, made.started, made.host, made.release)
        if not all(isinstance(text, str) for text in texts) or not isinstance(made.seconds, int | float):
            raise records.BadRecordError("it says something else than texts and a time")
        return made
