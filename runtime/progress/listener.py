"""Whoever wants to know how a run goes on."""

from typing import Protocol

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan, PlannedJob

from ..schedulers.ran import Ran


class Listener(Protocol):
    """Is told of everything as it happens; must return quickly, and never fail."""

    def planned(self, plan: Plan) -> None:
        """This is what is asked for now; told again after every new plan."""

    def started(self, planned_job: PlannedJob) -> None:
        """A job begins."""

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        """A running job has done `step` of `steps` optimizer steps."""

    def noticed(self, key: JobKey, text: str) -> None:
        """Something about a job that people should know, in one sentence."""

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        """A job is done and stored."""

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        """A job could not be done."""

    def ended(self, ran: Ran) -> None:
        """The run is over, whichever way. Told exactly once."""


class Silent:
    """Hears everything, says nothing."""

    def planned(self, plan: Plan) -> None:
        pass

    def started(self, planned_job: PlannedJob) -> None:
        pass

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        pass

    def noticed(self, key: JobKey, text: str) -> None:
        pass

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        pass

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        pass

    def ended(self, ran: Ran) -> None:
        pass
