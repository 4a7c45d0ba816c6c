"""How far a run is: jobs counted by group, and how long the rest will take, from jobs like them."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from attrs import define, field, frozen

from ticketlang.jobs import JobKey, describe
from ticketlang.plan import Plan, PlannedJob

TOTAL = "total"  # the name of the row of all groups

Work = tuple[str, str]  # group, and what the job does: jobs that should take equally long


@define
class Running:
    """A job on its way."""

    job: PlannedJob
    began: float  # seconds, of the tally's clock
    step: int = 0
    steps: int = 0
    first: tuple[float, int] | None = None  # when a step was first told of, and which: what came before is loading

    def rate(self, now: float) -> float | None:
        """Optimizer steps a second."""
        if self.first is None or self.step <= self.first[1] or now <= self.first[0]:
            return None
        return (self.step - self.first[1]) / (now - self.first[0])


@frozen(kw_only=True)
class Row:
    """One group of jobs, or all of them."""

    name: str
    done: int
    running: tuple[Running, ...]
    reused: int
    failed: int
    left: int  # neither done nor reused nor failed nor running
    work: float | None  # seconds that are left for a single hand; None: no job like them was ever timed
    at_once: int = 1  # how many hands can share it

    @property
    def seconds(self) -> float | None:
        """Until the group is done, if all hands turn to it."""
        return None if self.work is None else self.work / self.at_once

    @property
    def share(self) -> float:
        """How much of this run's jobs is over, from 0 to 1; running ones count by their steps."""
        over = self.done + self.failed
        begun = sum(job.step / job.steps for job in self.running if job.steps)
        return (over + begun) / max(1, over + len(self.running) + self.left)


@define
class Tally:
    """What a listener has heard, counted."""

    clock: Callable[[], float] = time.monotonic
    plan: Plan | None = None
    began: float = field(init=False)
    running: dict[JobKey, Running] = field(factory=dict)
    hands: list[JobKey | None] = field(factory=list)  # whoever does jobs, as far as they show: what each is doing
    done: dict[JobKey, float] = field(factory=dict)  # seconds each took
    failed: set[JobKey] = field(factory=set)
    groups: dict[str, list[PlannedJob]] = field(factory=dict)
    measured: dict[Work, list[float]] = field(factory=lambda: defaultdict(list))  # seconds, in this run
    earlier: dict[Work, list[float]] = field(factory=lambda: defaultdict(list))  # seconds, in earlier ones

    def __attrs_post_init__(self) -> None:
        self.began = self.clock()

    def planned(self, plan: Plan) -> None:
        self.plan = plan
        self.groups.clear()
        self.earlier.clear()
        for job in plan.jobs.values():
            self.groups.setdefault(job.group, []).append(job)
            if job.known is not None and job.known.seconds is not None and job.key not in self.done:
                self.earlier[_work(job)].append(job.known.seconds)

    def started(self, job: PlannedJob) -> None:
        self._let_go(job.key)
        self.running[job.key] = Running(job, self.clock())
        if None in self.hands:
            self.hands[self.hands.index(None)] = job.key
        else:
            self.hands.append(job.key)

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        if (running := self.running.get(key)) is None:
            return
        running.step, running.steps = step, steps
        if running.first is None:
            running.first = (self.clock(), step)

    def finished(self, job: PlannedJob, seconds: float) -> None:
        self._let_go(job.key)
        self.done[job.key] = seconds
        self.measured[_work(job)].append(seconds)

    def gave_up(self, job: PlannedJob) -> None:
        self._let_go(job.key)
        self.failed.add(job.key)

    def stopped(self) -> None:
        """Nobody does anything any more."""
        self.running.clear()
        self.hands.clear()

    def _let_go(self, key: JobKey) -> None:
        if self.running.pop(key, None) is not None:
            self.hands[self.hands.index(key)] = None

    def rows(self) -> tuple[Row, ...]:
        """One for each group, in the order of the plan."""
        return tuple(self._row(name, jobs) for name, jobs in self.groups.items())

    def total(self, rows: Iterable[Row]) -> Row:
        rows = tuple(rows)
        known = [row.work for row in rows if row.work is not None]
        work = sum(known) if known and len(known) == len(rows) else None
        return Row(
            name=TOTAL,
            done=sum(row.done for row in rows),
            running=tuple(running for row in rows for running in row.running),
            reused=sum(row.reused for row in rows),
            failed=sum(row.failed for row in rows),
            left=sum(row.left for row in rows),
            work=work,
            at_once=max(1, len(self.hands)),
        )

    def _row(self, name: str, jobs: list[PlannedJob]) -> Row:
        running = tuple(self.running[job.key] for job in jobs if job.key in self.running)
        untouched = [
            job
            for job in jobs
            if not job.is_reused
            and job.key not in self.done
            and job.key not in self.failed
            and job.key not in self.running
        ]
        return Row(
            name=name,
            done=sum(job.key in self.done for job in jobs),
            running=running,
            reused=sum(job.is_reused and job.key not in self.done for job in jobs),
            failed=sum(job.key in self.failed for job in jobs),
            left=len(untouched),
            work=self._work_left(running, untouched),
            at_once=max(1, min(len(self.hands), len(running) + len(untouched))),
        )

    def _work_left(self, running: tuple[Running, ...], untouched: list[PlannedJob]) -> float | None:
        counts: dict[Work, int] = defaultdict(int)
        for job in untouched:
            counts[_work(job)] += 1
        parts = [self._rest(job) for job in running]
        parts += [_times(count, self._expected(work)) for work, count in counts.items()]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def _rest(self, running: Running) -> float | None:
        now = self.clock()
        rate = running.rate(now)
        if rate:
            return (running.steps - running.step) / rate
        expected = self._expected(_work(running.job))
        return None if expected is None else max(0.0, expected - (now - running.began))

    def _expected(self, work: Work) -> float | None:
        """Seconds of a job: as the same work took, or the same deed of another group (training on a task costs what it
        costs, whoever asks for it), in this run, else ever; else as other jobs of its group did."""
        group, deed = work

        def is_same_work(other: Work) -> bool:
            return other == work

        def is_same_deed(other: Work) -> bool:
            return other[1] == deed

        def is_same_group(other: Work) -> bool:
            return other[0] == group

        ways: tuple[tuple[Mapping[Work, list[float]], Callable[[Work], bool]], ...] = (
            (self.measured, is_same_work),
            (self.measured, is_same_deed),
            (self.earlier, is_same_work),
            (self.earlier, is_same_deed),
            (self.measured, is_same_group),
            (self.earlier, is_same_group),
        )
        for known, is_alike in ways:
            if alike := [seconds for other, times in known.items() if is_alike(other) for seconds in times]:
                return _mean(alike)
        return None


def _work(job: PlannedJob) -> Work:
    return job.group, describe(job.job)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _times(count: int, seconds: float | None) -> float | None:
    return None if seconds is None else count * seconds
