"""Results told to an experiment tracker as they come. Off unless it is asked for; nothing of a run depends on it."""

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from attrs import define, field, frozen

from ticketlang.jobs import FineTune, JobKey, ReachRewindPoint, settings
from ticketlang.plan import Plan, PlannedJob

from ..schedulers.ran import Ran
from ..store import StoreError
from .listener import Listener
from .summary import name_of

PATIENCE = 60.0  # seconds that a tracker has, once a run is over, to take what it was not told yet
LITTLE_PATIENCE = 0.5  # the same, where somebody wants to leave


@frozen(kw_only=True)
class Tracked:
    """One training, as trackers want it."""

    study: str
    name: str  # of the cell: `imp/mlm@70%/qnli/seed=1`
    group: str
    key: JobKey
    settings: Mapping[str, Any]  # of the job, as they are in its key
    curve: tuple[tuple[int, float], ...]  # the step before which a stretch ends, and its mean loss
    scores: Mapping[str, float]  # by metric, as fractions; none for a training that is not scored


class Tracker(Protocol):
    """Something that shows many trainings, of here and elsewhere."""

    def take(self, run: Tracked) -> None:
        """Show a training that is done."""

    def close(self) -> None:
        """Nothing more comes."""


@define
class Tracking:
    """Passes everything on, and tells a tracker of trainings in a thread of its own: some take seconds for each."""

    listener: Listener
    name: str  # of the tracker
    opened: Callable[[], Tracker]
    result: Callable[[JobKey], Mapping[str, Any]]  # that is stored under a key
    study: str = ""
    runs: "SimpleQueue[Tracked | None]" = field(factory=SimpleQueue)
    thread: Thread | None = None

    def planned(self, plan: Plan) -> None:
        self.study = plan.study.name
        self.listener.planned(plan)

    def started(self, planned_job: PlannedJob) -> None:
        self.listener.started(planned_job)

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        self.listener.advanced(key, step, steps)

    def noticed(self, key: JobKey, text: str) -> None:
        self.listener.noticed(key, text)

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        self.listener.finished(planned_job, summary, seconds)
        if not isinstance(planned_job.job, FineTune | ReachRewindPoint):
            return
        if self.thread is None:
            self.thread = Thread(target=self._tell, name=self.name, daemon=True)
            self.thread.start()
        try:
            self.runs.put(tracked(self.study, planned_job, self.result(planned_job.key)))
        except StoreError as problem:
            self.noticed(planned_job.key, f"{self.name} is not told of it: {problem}")

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        self.listener.failed(planned_job, sentence)

    def ended(self, ran: Ran) -> None:
        self.listener.ended(ran)
        if self.thread is not None:
            self.runs.put(None)
            self.thread.join(LITTLE_PATIENCE if ran.interrupted else PATIENCE)

    def _tell(self) -> None:
        """Until nothing more comes, or the tracker fails: then the run goes on without it."""
        key = JobKey("")
        try:
            tracker = self.opened()
            while (run := self.runs.get()) is not None:
                key = run.key
                tracker.take(run)
            tracker.close()
        except Exception as problem:  # of whichever library, and none of the run's business
            first = (str(problem).strip() or type(problem).__name__).splitlines()[0]
            self.listener.noticed(key, f"{self.name} is told nothing more: {first}")


def tracked(study: str, planned_job: PlannedJob, result: Mapping[str, Any]) -> Tracked:
    """What a tracker is told of a training."""
    return Tracked(
        study=study,
        name=name_of(planned_job),
        group=planned_job.group,
        key=planned_job.key,
        settings=settings(planned_job.job),
        curve=tuple((step, loss) for step, loss in result.get("learning_curve", ())),
        scores=result.get("scores", {}),
    )
