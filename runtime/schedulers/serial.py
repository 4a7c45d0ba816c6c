"""One job after the other, in this process.

The scheduler holds no list of its own: what is to run comes from the planner, which is asked again as jobs are done,
since some plans depend on results. Asking after each of ten thousand jobs would cost more than the jobs; so it is asked
again once the work since then took twenty times as long as planning did. Planning never takes more than a twentieth of
a run, and a study of a few long trainings is planned anew after every one.
"""

import errno
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import Generic, Literal, Protocol, TypeVar

from attrs import define, field

from ticketlang.jobs import AnyJob, JobKey, inputs_of
from ticketlang.plan import Plan, PlannedJob

from ..failures import JobFailed
from ..progress import Listener, summary_of
from ..store import (
    Artifact,
    DamagedError,
    Failure,
    MissingFileError,
    Outcome,
    Provenance,
    Store,
    StoreError,
    environment_of,
)
from .interruption import Interruption, Stop, interruptible
from .ran import Ran

__all__ = ["Ran", "run"]

PLANNING_SHARE = 20  # times the planning that work must have taken before there is a new plan
PATIENCE = 1.0  # seconds between two looks at jobs that others are doing
MOST_TRIES = 3  # of one job whose results get lost


class HasDevice(Protocol):
    """What the scheduler knows of a workshop."""

    @property
    def device(self) -> object: ...


How = Literal["done", "failed", "done elsewhere", "being done elsewhere", "plan again"]

W = TypeVar("W", bound=HasDevice)
Perform = Callable[[AnyJob, JobKey, Mapping[JobKey, Artifact], W, Path], Outcome]


def run(plan_again: Callable[[], Plan], store: Store, perform: Perform[W], workshop: W, listener: Listener) -> Ran:
    """Do what the plan asks for, until nothing is left that can be done, or SIGINT or SIGTERM comes.

    Args:
        plan_again: gives the plan as it stands; called several times.
        perform: does a job, and writes its tensors into the folder it is given, which is published when it returns.

    Raises:
        StoreError: the store's disk refuses. What was done stays done.
    """
    this = Run(plan_again, store, perform, workshop, listener)
    try:
        with interruptible() as this.stop:
            store.sweep()
            while this.goes_on():
                pass
    except Interruption as stop:
        this.interrupted = stop.by
    except KeyboardInterrupt:  # a second Ctrl-C, or the only one in a thread that is not told of signals
        this.interrupted = signal.SIGINT
    finally:
        listener.ended(this.ran)
    return this.ran


@define
class Run(Generic[W]):
    """One run: what it works with, and how each job it tried ended."""

    plan_again: Callable[[], Plan]
    store: Store
    perform: Perform[W]
    workshop: W
    listener: Listener
    plan: Plan | None = None
    done: set[JobKey] = field(factory=set)
    failed: dict[JobKey, Failure] = field(factory=dict)
    seen: set[JobKey] = field(factory=set)  # found in the store, though the plan did not know
    tries: dict[JobKey, int] = field(factory=dict)
    stop: Stop = field(factory=Stop)
    interrupted: signal.Signals | None = None

    @property
    def ran(self) -> Ran:
        left = {job.key for job in self.plan.to_run} - self.done if self.plan else set()
        return Ran(
            done=len(self.done),
            failed=len(self.failed),
            waiting=len(left - self.failed.keys()),
            failures=tuple(self.failed.values()),
            interrupted=self.interrupted,
        )

    def goes_on(self) -> bool:
        """Plan, and walk through the plan as long as it is fresh; False when a whole walk found nothing to do."""
        began = time.monotonic()
        self.plan = self.plan_again()
        self.listener.planned(self.plan)
        planned = time.monotonic()
        enough = planned + PLANNING_SHARE * (planned - began)
        blocked = set(self.failed)  # jobs without a result: whatever needs them has to wait
        worked = elsewhere = False
        for job in self.plan.to_run:
            self.stop.check()
            if job.key in blocked or not blocked.isdisjoint(inputs_of(job.job)):
                blocked.add(job.key)
                continue
            match self.tried(job):
                case "done":
                    worked = True
                case "done elsewhere":
                    worked |= job.key not in self.seen  # else the planner would be asked for ever
                    self.seen.add(job.key)
                case "being done elsewhere":
                    blocked.add(job.key)
                    elsewhere = True
                case "failed":
                    blocked.add(job.key)
                    worked = True
                case "plan again":
                    return True
            if worked and time.monotonic() > enough:
                return True
        if elsewhere and not worked:
            time.sleep(PATIENCE)
        return worked or elsewhere

    def tried(self, job: PlannedJob) -> How:
        """Claim a job, do it, and say how that went."""
        claim = self.store.claims.take(job.key)
        if claim is None:
            return "being done elsewhere"
        try:
            if self._is_done(job):
                return "done elsewhere"
            inputs = self._inputs(job)
            if inputs is None:
                return "plan again"
            with self.store.claims.beating(claim):
                return self._do(job, inputs)
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
            self.listener.noticed(problem.key, f"{problem}; it is made anew")
            self.store.set_aside(problem.folder)
            return None
        except MissingFileError:
            return None
        return inputs

    def _do(self, job: PlannedJob, inputs: Mapping[JobKey, Artifact]) -> How:
        staged = self.store.stage(job.key)
        self.listener.started(job)
        try:
            self.tries[job.key] = self.tries.get(job.key, 0) + 1
            if self.tries[job.key] > MOST_TRIES:
                raise JobFailed("its result was stored and got lost every time; see whether the disk keeps its files")
            summary, seconds = self._perform(job, inputs, staged)
        except StoreError:
            raise
        except Exception as error:
            self.stop.check(error)  # what a library made of the interruption is no failure of the job
            self._fail(job, error)
            return "failed"
        finally:
            with suppress(StoreError):  # what is left behind is swept up by the next run
                self.store.drop(staged)
        self.done.add(job.key)
        self.listener.finished(job, summary, seconds)
        return "done"

    def _perform(self, job: PlannedJob, inputs: Mapping[JobKey, Artifact], staged: Path) -> tuple[str, float]:
        started, began = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        outcome = self.perform(job.job, job.key, inputs, self.workshop, staged)
        seconds = time.monotonic() - began
        assert self.plan is not None, "jobs come from a plan"
        provenance = Provenance(
            study=self.plan.study.name,
            started=started,
            seconds=seconds,
            host=gethostname(),
            environment=environment_of(self.workshop.device),
        )
        self.store.publish(job, staged, outcome, provenance)
        return summary_of(outcome.result), seconds

    def _fail(self, job: PlannedJob, error: Exception) -> None:
        """Record a failure; unless the disk is full, which would fail every other job, too."""
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreError(f"cannot go on: the disk that holds {self.store.folder} is full") from error
        sentence = str(error) if isinstance(error, JobFailed) else _unexpected(error)
        self.done.discard(job.key)
        self.failed[job.key] = self.store.failures.record(job, sentence, error)
        self.listener.failed(job, sentence)


def _unexpected(error: Exception) -> str:
    """A mistake of the program, or of its surroundings, in one line."""
    first = next(iter(str(error).splitlines()), "")
    return f"unexpected {type(error).__name__}" + (f": {first}" if first else "")
