"""How far a run is, in jobs: what they scored is nobody's business where the numbers mean nothing."""

from collections.abc import Callable

from attrs import define

from ticketlang.plan import Plan, PlannedJob

from ..progress import Silent


@define
class Counting(Silent):
    """A listener that tells how many jobs are done, and which one is next."""

    tell: Callable[[str], None]
    done: int = 0
    total: int = 0

    def planned(self, plan: Plan) -> None:
        self.total = self.done + len(plan.to_run)

    def started(self, planned_job: PlannedJob) -> None:
        self.tell(f"{self.done} of {self.total} jobs done, next {planned_job.labels[0]}")

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        self.done += 1

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        self.done += 1
