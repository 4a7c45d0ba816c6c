"""Which job of a plan is next: of those whose inputs are there, the one that the longest chain waits for.

A chain of prunings takes as long as its trainings take one after another, whoever helps; whatever stands alone fills
the hands that are free meanwhile.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from attrs import define

from ticketlang.jobs import FineTune, Interpolate, JobKey, ReachRewindPoint, inputs_of
from ticketlang.plan import PlannedJob


@define
class Queue:
    """The jobs of a plan that are to run, and what each of them still waits for."""

    jobs: dict[JobKey, PlannedJob]
    ranks: dict[JobKey, tuple[int, int]]  # the lowest first
    waits: dict[JobKey, set[JobKey]]
    readers: dict[JobKey, list[JobKey]]
    ready: list[tuple[tuple[int, int], JobKey]]

    @classmethod
    def of(cls, jobs: Sequence[PlannedJob], *, longest_chain_first: bool) -> "Queue":
        """Args:
        jobs: every one after its inputs.
        longest_chain_first: False: in their order.
        """
        by_key = {job.key: job for job in jobs}
        waits = {key: {needed for needed in inputs_of(job.job) if needed in by_key} for key, job in by_key.items()}
        readers: dict[JobKey, list[JobKey]] = defaultdict(list)
        for key, needed in waits.items():
            for one in needed:
                readers[one].append(key)
        chains = _chains(by_key, readers) if longest_chain_first else dict.fromkeys(by_key, 0)
        ranks = {key: (-chains[key], place) for place, key in enumerate(by_key)}
        ready = [(ranks[key], key) for key, needed in waits.items() if not needed]
        heapq.heapify(ready)
        return cls(by_key, ranks, waits, readers, ready)

    def next(self) -> PlannedJob | None:
        """Take the next job out; None: there is none whose inputs are there."""
        return self.jobs[heapq.heappop(self.ready)[1]] if self.ready else None

    def put_back(self, key: JobKey) -> None:
        """Have a job that was taken out tried once more."""
        if key in self.ranks:  # else it began under an earlier plan, and this one asks for it no more
            heapq.heappush(self.ready, (self.ranks[key], key))

    def over(self, key: JobKey) -> None:
        """The result of a job is there: what waited for nothing else can go."""
        for reader in self.readers.pop(key, ()):
            self.waits[reader].discard(key)
            if not self.waits[reader]:
                heapq.heappush(self.ready, (self.ranks[reader], reader))


def _chains(jobs: dict[JobKey, PlannedJob], readers: dict[JobKey, list[JobKey]]) -> dict[JobKey, int]:
    """How many trainings stand in the longest chain that begins with each job; the rest takes next to no time."""
    chains: dict[JobKey, int] = {}
    for key in reversed(jobs):
        own = isinstance(jobs[key].job, FineTune | ReachRewindPoint | Interpolate)
        chains[key] = own + max((chains[reader] for reader in readers.get(key, ())), default=0)
    return chains
