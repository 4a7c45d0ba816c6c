"""A run: jobs of the plan go to hands that are free, until nothing is left that can be done.

The scheduler holds no list of its own: what is to run comes from the planner, which is asked again as jobs are done,
since some plans depend on results. Asking after each of ten thousand jobs would cost more than the jobs; so it is asked
again once the work since then took twenty times as long as planning did. Planning never takes more than a twentieth of
a run, and a study of a few long trainings is planned anew after every one.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from attrs import define, field

from ticketlang.jobs import JobKey, inputs_of
from ticketlang.plan import Plan, PlannedJob

from ..failures import JobFailed
from ..progress import Listener, summary_of
from ..store import DamagedError, Failure, MissingFileError, Store, StoreError
from ..store.checkpoints import Checkpoints
from ..store.dropping import drop_states
from .hand import Tried
from .interruption import Interruption, Stop, interruptible
from .queue import Queue
from .ran import Ran, Terms

PLANNING_SHARE = 20  # times the planning that work must have taken before there is a new plan
PATIENCE = 1.0  # seconds between two looks at jobs that others are doing
MOST_TRIES = 3  # of one job whose results get lost


class Hands(Protocol):
    """Whoever does the jobs: this process, or others. They are let go at the end of the block."""

    are_several: bool

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def listen_to(self, stop: Stop) -> None:
        """Whether a signal came is said there."""

    def free(self) -> int:
        """How many jobs could be given now."""

    def give(self, job: PlannedJob, study: str) -> None:
        """Have a job tried for a study."""

    def results(self, patience: float | None) -> Iterator[tuple[JobKey, Tried]]:
        """Wait until some job has ended, and say how; nothing once patience is over.

        Args:
            patience: seconds; None: without end.
        """


def run(
    plan_again: Callable[[], Plan], store: Store, hands: Hands, listener: Listener, terms: Terms | None = None
) -> Ran:
    """Do what the plan asks for, until nothing is left that can be done, or SIGINT or SIGTERM comes.

    Args:
        plan_again: gives the plan as it stands; called several times.

    Raises:
        StoreError: the store's disk refuses. What was done stays done.
        NoWorkers: the hands cannot even begin.
    """
    this = Run(plan_again, store, hands, listener, terms or Terms())
    try:
        with hands, interruptible() as this.stop:
            hands.listen_to(this.stop)
            store.sweep()
            while this.goes_on():
                pass
    except Interruption as stop:
        this.interrupted = stop.by
    except KeyboardInterrupt:  # a second Ctrl-C, or the only one in a thread that is not told of signals
        this.interrupted = signal.SIGINT
    finally:
        with suppress(StoreError, KeyboardInterrupt):
            this.settle()
        listener.ended(this.ran)
    return this.ran


@define
class Run:
    """One run: what it works with, and how each job it tried ended."""

    plan_again: Callable[[], Plan]
    store: Store
    hands: Hands
    listener: Listener
    terms: Terms
    plan: Plan | None = None
    running: dict[JobKey, PlannedJob] = field(factory=dict)
    done: set[JobKey] = field(factory=set)
    failed: dict[JobKey, Failure] = field(factory=dict)
    seen: set[JobKey] = field(factory=set)  # found in the store, though the plan did not know
    times_done: Counter[JobKey] = field(factory=Counter)
    times_failed: Counter[JobKey] = field(factory=Counter)
    stop: Stop = field(factory=Stop)
    interrupted: signal.Signals | None = None

    @property
    def ran(self) -> Ran:
        left = {job.key for job in self.plan.to_run} - self.done - self.seen if self.plan else set()
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
        is_first, self.plan = self.plan is None, self.plan_again()
        if is_first:
            done = (job.key for job in self.plan.reused if not self.store.claims.is_taken(job.key))
            with suppress(StoreError):  # what stays is removed by the next run
                Checkpoints(self.store.layout, self.store.disk).forget_all(done)
        self.listener.planned(self.plan)
        planned = time.monotonic()
        walk = Walk(
            Queue.of(self.plan.to_run, longest_chain_first=self.hands.are_several),
            enough=planned + PLANNING_SHARE * (planned - began),
            patience=max(PATIENCE, PLANNING_SHARE * (planned - began)),
        )
        while not walk.is_over:
            self.stop.check()
            self._hand_out(walk)
            if not self.running:
                break
            waits = walk.elsewhere and self.hands.free() > 0 and not self._is_closing
            ended = tuple(self.hands.results(walk.patience if waits else None))
            for key, tried in ended:
                self._ended(self.running.pop(key), tried, walk)
            walk.is_over |= (walk.worked and time.monotonic() > walk.enough) or not ended
        else:
            return True
        if walk.elsewhere and not walk.worked and not self._is_closing:
            time.sleep(PATIENCE)
        return (walk.worked or walk.elsewhere) and not self._is_closing

    def settle(self) -> None:
        """Count what hands have stored since they were last heard: what is computed is written, though it ends."""
        known = self.store.known(self.running)
        for job in (job for key, job in self.running.items() if key in known and known[key].serves(job.job)):
            self.done.add(job.key)
            stored = self.store.artifact(job.key)
            self.listener.finished(job, summary_of(stored.result), stored.provenance.seconds)

    @property
    def _is_closing(self) -> bool:
        return self.terms.fails_fast and bool(self.failed)

    def _hand_out(self, walk: "Walk") -> None:
        """Give as many jobs as there are hands."""
        while self.hands.free() and not self._is_closing and (job := walk.queue.next()) is not None:
            if job.key in self.running or job.key in self.failed:
                continue
            if self.times_done[job.key] == MOST_TRIES:
                lost = JobFailed("its result was stored and got lost every time; see whether the disk keeps its files")
                self._fail(job, self.store.failures.record(job, str(lost), lost))
                continue
            self.running[job.key] = job
            assert self.plan is not None, "jobs come from a plan"
            self.hands.give(job, self.plan.study.name)

    def _ended(self, job: PlannedJob, tried: Tried, walk: "Walk") -> None:
        match tried.how:
            case "done":
                walk.worked = True
                self.done.add(job.key)
                self.times_done[job.key] += 1
                self.listener.finished(job, tried.summary, tried.seconds)
                walk.queue.over(job.key)
                self._drop_states(job)
            case "done elsewhere":
                walk.worked |= job.key not in self.seen  # else the planner would be asked for ever
                self.seen.add(job.key)
                walk.queue.over(job.key)
            case "being done elsewhere":
                walk.elsewhere = True
            case "failed":
                assert tried.failure is not None, "a failure is recorded"
                walk.worked = True
                self.times_failed[job.key] += 1
                if tried.is_certain or self.times_failed[job.key] > self.terms.retries:
                    self._fail(job, tried.failure)
                else:
                    tries = f"try {self.times_failed[job.key] + 1} of {self.terms.retries + 1}"
                    self.listener.noticed(job.key, f"{tried.failure.sentence}; {tries}")
                    walk.queue.put_back(job.key)
            case "plan again":
                walk.is_over = True

    def _drop_states(self, job: PlannedJob) -> None:
        """Drop the weights that a job read or left, where the run is to and nobody else of the plan reads them."""
        if not self.terms.drops_states:
            return
        assert self.plan is not None, "jobs come from a plan"
        to_come = (other for other in self.plan.to_run if other.key not in self.done)
        read = {key for other in to_come for key in inputs_of(other.job)}
        for key in {job.key, *inputs_of(job.job)} - read:
            with suppress(MissingFileError, DamagedError):  # the next run finds it, where it is needed
                drop_states(self.store, key)

    def _fail(self, job: PlannedJob, failure: Failure) -> None:
        self.done.discard(job.key)
        self.failed[job.key] = failure
        self.listener.failed(job, failure.sentence)


@define
class Walk:
    """One way through one plan."""

    queue: Queue
    enough: float  # the time from which on a new plan is worth its cost
    patience: float  # seconds to wait for what others do
    worked: bool = False  # something was done, or seen to be done
    elsewhere: bool = False  # others are doing some of it
    is_over: bool = False  # it is time for a new plan
