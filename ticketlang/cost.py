"""What work is to cost: as much time as the like of it took, going by what the store remembers.

A training is like another of the same model, task, recipe and precision, whatever its mask and its weights; a pruning
is like another of the same model. Nothing is guessed: work that the store has no like of is counted apart.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from attrs import evolve, frozen

from .jobs import settings
from .plan import PlannedJob
from .reasons import Stored

# What of a training decides how long it takes.
OF_JOB = ("kind", "model", "precision", "begins", "until", "joined")
OF_TASK = ("name", "kind", "length", "limit", "limit_evaluation", "recipe")


@frozen
class Cost:
    """Of some jobs, by the wall clock."""

    seconds: float  # of those that the store has the like of, one after another unless it is said otherwise
    known: int  # how many these are
    unknown: int  # how many others there are

    def among(self, workers: int) -> "Cost":
        """Where so many do them at once, and none has to wait for another."""
        return evolve(self, seconds=self.seconds / workers)

    def __str__(self) -> str:
        """`about 1h 12m, going by the like in the store`, or `at least ...; 3 jobs have none`; empty of nothing."""
        if not self.known:
            return "how long they take is not known: the store has no like of them" if self.unknown else ""
        text = f"{time_text(self.seconds)}, going by the like in the store"
        if not self.unknown:
            return f"about {text}"
        return f"at least {text}; {self.unknown} job{' has' if self.unknown == 1 else 's have'} none"

    @property
    def sentence(self) -> str:
        """The same as a sentence of its own; empty where that is."""
        said = str(self)
        return f"{said[0].upper()}{said[1:]}." if said else ""


def cost_of(jobs: Iterable[PlannedJob], stored: Sequence[Stored]) -> Cost:
    """What jobs are to cost: the median time of the like of each."""
    times: dict[str, list[float]] = {}
    for past in stored:
        if past.seconds is not None:
            times.setdefault(_likeness(past.settings), []).append(past.seconds)
    if not times:
        return Cost(0, 0, len(tuple(jobs)))
    typical = {likeness: median(found) for likeness, found in times.items()}
    costs = [typical.get(_likeness(settings(job.job))) for job in jobs]
    known = [cost for cost in costs if cost is not None]
    return Cost(sum(known), len(known), len(costs) - len(known))


def _likeness(job: Mapping[str, Any]) -> str:
    task = job.get("task") or {}
    return json.dumps([job.get(name) for name in OF_JOB] + [task.get(name) for name in OF_TASK], sort_keys=True)


def size_text(size: float) -> str:
    """An amount of bytes in three digits: `0 B`, `812 B`, `45.1 MB`, `440 MB`, `1.32 GB`."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    digits = 0 if unit == "B" or size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{size:.{digits}f} {unit}"


def time_text(seconds: float) -> str:
    """A length of time at the precision people plan with: `0.4s`, `34s`, `2m 05s`, `3h 10m`, `4d 02h`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600:02}h"
