"""One job, from its claim to its result: what every process does that does jobs."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import Generic, Literal, Protocol, TypeVar

from attrs import define, field, frozen

from ticketlang.jobs import AnyJob, JobKey, inputs_of
from ticketlang.plan import PlannedJob

from ..failures import BrokenInvariant, JobFailed
from ..progress import Listener, summary_of
from ..store import (
    Artifact,
    Claim,
    DamagedError,
    DroppedError,
    Failure,
    MissingFileError,
    Outcome,
    Provenance,
    PublishedElsewhere,
    Store,
    StoreError,
    environment_of,
    release,
    trouble_of,
)
from ..store.checkpoints import Checkpoints
from .interruption import GRACE, Stop


class HasDevice(Protocol):
    """What is known here of a workshop."""

    @property
    def device(self) -> object: ...

    def listen_to(self, stop: Stop) -> None:
        """Whether a signal came is said there."""


How = Literal["done", "failed", "done elsewhere", "being done elsewhere", "plan again"]

W = TypeVar("W", bound=HasDevice)
Perform = Callable[[AnyJob, JobKey, Mapping[JobKey, Artifact], W, Path], Outcome]


@frozen(kw_only=True)
class Tried:
    """How one try of a job ended."""

    how: How
    summary: str = ""  # of a job that is done
    seconds: float = 0.0
    failure: Failure | None = None
    is_certain: bool = True  # of a failure: another try would end the same way, since equal keys give equal bits


@define
class Hand(Generic[W]):
    """What a process needs to do the jobs of a plan, one at a time."""

    store: Store
    perform: Perform[W]
    workshop: W
    listener: Listener
    stop: Stop = field(factory=Stop)
    checkpoints: Checkpoints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.checkpoints = Checkpoints(self.store.layout, self.store.disk)
        self.listen_to(self.stop)

    def listen_to(self, stop: Stop) -> None:
        """A job looks there whether it is to end, and is struck only if it does not."""
        self.stop = stop
        self.workshop.listen_to(stop)

    def try_(self, job: PlannedJob, study: str) -> Tried:
        """Claim a job, do it, and say how that went.

        Args:
            study: the name of the one it is done for.

        Raises:
            StoreError: the store's disk refuses.
        """
        claim = self.store.claims.take(job.key, inputs_of(job.job))
        if claim is None:
            return Tried(how="being done elsewhere")
        try:
            with self.store.claims.beating(claim):  # to read what is large can take long, too
                if self._is_done(job):
                    self._forget(job.key)
                    return Tried(how="done elsewhere")
                inputs = self._inputs(job)
                if inputs is None:
                    return Tried(how="plan again")
                return self._do(job, inputs, study, claim)
        finally:
            self.store.claims.release(claim)

    def _is_done(self, job: PlannedJob) -> bool:
        """Whether somebody else did it since the plan was made."""
        known = self.store.known((job.key,)).get(job.key)
        return known is not None and known.serves(job.job)

    def _inputs(self, job: PlannedJob) -> Mapping[JobKey, Artifact] | None:
        """What a job reads, every file of it checked; None where some of it has to be made anew first."""
        try:
            inputs = {key: self.store.artifact(key) for key in inputs_of(job.job)}
            for artifact in inputs.values():
                artifact.check()
        except DamagedError as problem:
            self._make_anew(problem)
            return None
        except MissingFileError:
            return None
        return inputs

    def _make_anew(self, problem: DamagedError) -> None:
        """Have the next plan make a damaged result anew. One that only lacks what was dropped stays where it is."""
        if not isinstance(problem, DroppedError):
            self.listener.noticed(problem.key, f"{problem}; it is made anew")
            self.store.set_aside(problem.folder)

    def _do(self, job: PlannedJob, inputs: Mapping[JobKey, Artifact], study: str, claim: Claim) -> Tried:
        staged = self.store.stage(job.key)
        self.listener.started(job)
        try:
            return self._perform(job, inputs, study, staged, claim)
        except DamagedError as problem:  # by somebody else, since it was looked at
            self._make_anew(problem)
            return Tried(how="plan again")
        except StoreError as problem:
            if isinstance(problem, MissingFileError) and not self.store.claims.holds(claim):
                return Tried(how="being done elsewhere")  # whoever took this process for dead has swept up after it
            raise
        except Exception as error:
            self.stop.check(error)  # what a library made of the interruption is no failure of the job
            if not self.store.claims.holds(claim):
                return Tried(how="being done elsewhere")  # as above
            return self._failed(job, error)
        finally:
            with suppress(StoreError):  # what is left behind is swept up by the next run
                self.store.drop(staged)

    def _perform(
        self, job: PlannedJob, inputs: Mapping[JobKey, Artifact], study: str, staged: Path, claim: Claim
    ) -> Tried:
        started, began = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        with self.stop.patiently():
            outcome = self.perform(job.job, job.key, inputs, self.workshop, staged)
        seconds = time.monotonic() - began
        if not self.store.claims.holds(claim):
            # This process slept so long that it was taken for dead, and another one has the job now.
            return Tried(how="being done elsewhere")
        provenance = Provenance(
            study=study,
            started=started,
            seconds=seconds,
            host=gethostname(),
            environment=environment_of(self.workshop.device),
            release=release(),
            resumed=self.checkpoints.resumed(job.key),
        )
        with self.stop.patiently(GRACE):  # all is computed, and only to be written
            how: How = "done"
            try:
                self.store.publish(job, staged, outcome, provenance)
            except PublishedElsewhere:
                how = "done elsewhere"
            self._forget(job.key)
        return Tried(how=how, summary=summary_of(outcome.result), seconds=seconds)

    def _forget(self, key: JobKey) -> None:
        """Remove the checkpoints of a job that is done."""
        with suppress(StoreError):  # what is left behind is removed by the next run
            self.checkpoints.forget(key)

    def _failed(self, job: PlannedJob, error: Exception) -> Tried:
        """Record a failure; unless the disk refuses, which would fail every other job, too."""
        if (trouble := trouble_of(error, self.store.folder)) is not None:
            raise trouble from error
        if isinstance(error, BrokenInvariant):
            self._forget(job.key)  # a checkpoint may be what broke it, and would break every other try
        is_certain = isinstance(error, JobFailed)
        failure = self.store.failures.record(job, str(error) if is_certain else _unexpected(error), error)
        return Tried(how="failed", failure=failure, is_certain=is_certain)


def _unexpected(error: Exception) -> str:
    """A mistake of the program, or of its surroundings, in one line."""
    first = next(iter(str(error).splitlines()), "")
    return f"unexpected {type(error).__name__}" + (f": {first}" if first else "")
