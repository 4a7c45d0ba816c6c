"""How far a plan is: its jobs counted by group."""

from collections import defaultdict
from collections.abc import Collection

from attrs import frozen

from .jobs import JobKey
from .plan import Plan, PlannedJob


@frozen
class Standing:
    """Some jobs of a plan, counted; each is one of the four."""

    group: str
    done: int
    running: int
    failed: int
    left: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.done, self.running, self.failed, self.left


def standing(
    jobs: Collection[PlannedJob], running: Collection[JobKey], failed: Collection[JobKey], group: str = ""
) -> Standing:
    """Count some jobs.

    Args:
        running: keys of jobs that some process is doing now.
        failed: keys of those that failed when they were last tried.
    """
    done = sum(job.is_reused for job in jobs)
    busy = sum(job.key in running for job in jobs)
    broken = sum(job.key in failed and job.key not in running for job in jobs)
    return Standing(group, done, busy, broken, len(jobs) - done - busy - broken)


def standings(plan: Plan, running: Collection[JobKey], failed: Collection[JobKey]) -> tuple[Standing, ...]:
    """One for each group, in the order of the plan."""
    groups: dict[str, list[PlannedJob]] = defaultdict(list)
    for job in plan.jobs.values():
        groups[job.group].append(job)
    return tuple(standing(jobs, running, failed, group) for group, jobs in groups.items())
