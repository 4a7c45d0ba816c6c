"""Progress as plain lines, for a pipe or a log file: one for each job, the verb where the eye can run down."""

import sys
import time
from typing import TextIO

from attrs import define, field

from ticketlang.cost import time_text
from ticketlang.jobs import JobKey
from ticketlang.plain import plain
from ticketlang.plan import Plan, PlannedJob

from ..schedulers.ran import Ran
from .summary import ending, name_of, verb_of
from .tally import Tally

VERB_WIDTH = 12
EVERY = 60.0  # seconds between two lines about one running job


@define
class Lines:
    """Prints a line when there is something to say."""

    stream: TextIO = field(factory=lambda: sys.stdout)
    tally: Tally = field(factory=Tally)
    told: float | None = None  # when a running job was last spoken of

    def planned(self, plan: Plan) -> None:
        self.tally.planned(plan)

    def started(self, planned_job: PlannedJob) -> None:
        self.tally.started(planned_job)
        if self.told is None:  # the first result can be minutes away
            self._say(verb_of(planned_job.job, done=False), name_of(planned_job))
        self.told = time.monotonic()

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        self.tally.advanced(key, step, steps)
        running = self.tally.running.get(key)
        if running is None or self.told is None or time.monotonic() - self.told < EVERY:
            return
        self.told = time.monotonic()
        self._say(verb_of(running.job.job, done=False), f"{name_of(running.job)}: step {step} of {steps}")

    def noticed(self, key: JobKey, text: str) -> None:
        running = self.tally.running.get(key)
        self._say("Note", f"{name_of(running.job)}: {text}" if running else text)

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        self.tally.finished(planned_job, seconds)
        said = f": {summary}" if summary else ""
        line = f"{self._place()} {name_of(planned_job)}{said} ({time_text(seconds)})"
        self._say(verb_of(planned_job.job, done=True), line)

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        self.tally.gave_up(planned_job)
        self._say("Failed", f"{self._place()} {name_of(planned_job)}: {sentence}")

    def ended(self, ran: Ran) -> None:
        for failure in ran.failures:
            self._say("Log", f"{failure.label}: {failure.log}")
        by = ran.interrupted.name if ran.interrupted else None
        self._say(*ending(ran.done, ran.failed, ran.waiting, by, self.tally.clock() - self.tally.began))

    def _place(self) -> str:
        """`[12/61]`: how many of the jobs of this run are dealt with."""
        total = self.tally.total(self.tally.rows())
        dealt_with = total.done + total.failed
        return f"[{dealt_with}/{dealt_with + total.left + len(total.running)}]"

    def _say(self, verb: str, text: str) -> None:
        print(f"{verb:>{VERB_WIDTH}} {plain(text)}", file=self.stream, flush=True)
