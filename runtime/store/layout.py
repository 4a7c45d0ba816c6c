"""Where everything in a store lies. No other file knows a path.

.ticketlang/
  format                     the number of this layout
  artifacts/KEY/             one finished job: job.json, result.json, certificate.json, digests.json,
                             provenance.json, and its tensors; `KEY.2` replaces `KEY`
  staging/KEY.TOKEN/         a job being done; published by one rename
  claims/KEY.N               who is doing it
  checkpoints/KEY/           how far a job that is not done has come, to go on from there
  failures/KEY.json, .log    what went wrong the last time
  damaged/KEY.TOKEN/         set aside: its files are not what was written
  studies/NAME.ticket        what a study said when it was last run, with every default written out
  studies/NAME.DIGEST.from   a spec that a study of this name was run from: its path, from here
  cache/                     can be deleted at any time
"""

from hashlib import blake2b
from pathlib import Path

from attrs import frozen

from ticketlang.jobs import JobKey

FORMAT = 1

JOB = "job.json"
RESULT = "result.json"
CERTIFICATE = "certificate.json"
DIGESTS = "digests.json"
PROVENANCE = "provenance.json"  # the only file that differs when the same job runs again
WEIGHTS = "weights.safetensors"  # the trained trunk, where a job keeps it
HEAD = "head.safetensors"  # its heads, beside it
MOVEMENT = "movement.safetensors"  # how far its matrices were pulled, as well

STATES = frozenset({WEIGHTS, HEAD, MOVEMENT})  # of trainings: large, and made again where something begins with them

LONGEST_NAME = 100  # bytes of a study's name that stands in a file name

OURS = frozenset({JOB, RESULT, CERTIFICATE, DIGESTS, PROVENANCE})  # written by the store, never by a job


@frozen
class Layout:
    """The paths of one store."""

    root: Path

    @property
    def format(self) -> Path:
        return self.root / "format"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def claims(self) -> Path:
        return self.root / "claims"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def failures(self) -> Path:
        return self.root / "failures"

    @property
    def damaged(self) -> Path:
        return self.root / "damaged"

    @property
    def studies(self) -> Path:
        return self.root / "studies"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (
            self.artifacts, self.staging, self.claims, self.checkpoints, self.failures, self.damaged, self.studies,
            self.cache,
        )  # fmt: skip

    def artifact(self, key: JobKey, version: int) -> Path:
        return self.artifacts / numbered(key, version)

    def staged(self, key: JobKey, token: str) -> Path:
        return self.staging / f"{key}.{token}"

    def claim(self, key: JobKey, number: int) -> Path:
        return self.claims / f"{key}.{number}"

    def probe(self, token: str) -> Path:
        return self.claims / f"clock.{token}"

    def checkpoints_of(self, key: JobKey) -> Path:
        return self.checkpoints / key

    def failure(self, key: JobKey) -> Path:
        return self.failures / f"{key}.json"

    def log(self, key: JobKey) -> Path:
        return self.failures / f"{key}.log"

    def last_run(self, study: str) -> Path:
        return self.studies / f"{_file_name(study)}.ticket"

    def origin(self, study: str, spec: str) -> Path:
        """Where it is kept that a study was run from a spec."""
        return self.studies / f"{_file_name(study)}.{blake2b(spec.encode(), digest_size=10).hexdigest()}.from"

    def is_origin(self, name: str, study: str) -> bool:
        """Whether a file beside the last runs is such a record of a study."""
        its = _file_name(study)
        return name.startswith(f"{its}.") and name.endswith(".from") and "." not in name[len(its) + 1 : -len(".from")]

    def aside(self, key: JobKey, token: str) -> Path:
        return self.damaged / f"{key}.{token}"


def _file_name(study: str) -> str:
    """A name of any length and script fits into a file name by its digest; and none leads out of the folder."""
    is_short = len(study.encode()) <= LONGEST_NAME and study.isprintable() and not {"/", "\\"} & {*study}
    return study if is_short else blake2b(study.encode(), digest_size=20).hexdigest()


def numbered(key: JobKey, version: int) -> str:
    """The folder name of a version of an artifact: the first is called as its key."""
    return str(key) if version == 1 else f"{key}.{version}"


def key_and_number(name: str) -> tuple[JobKey, int] | None:
    """The key and the number in a name; None for a name that is none of ours."""
    key, dot, number = name.partition(".")
    if dot and not number.isdecimal():
        return None
    return JobKey(key), int(number) if dot else 1
