"""The few words and numbers that people want to see of a job just done."""

import math
from collections.abc import Mapping

from ticketlang.cost import time_text
from ticketlang.jobs import AnyJob, CombineMasks, DrawMask, FineTune, GivenMask, Interpolate, Prune, ReachRewindPoint
from ticketlang.plan import PlannedJob

from ..points import points
from ..store.certificates import JSON


def summary_of(result: Mapping[str, JSON]) -> str:
    """`accuracy 81.20`, `59,867,136 of 85,524,480 weights removed`, `barrier 0.40`; empty if nothing is to say."""
    if "metric" in result and "scores" in result:
        return f"{result['metric']} {points(100 * result['scores'][result['metric']])}"
    if "removed" in result and "total" in result:
        return f"{result['removed']:,} of {result['total']:,} weights removed"
    if "barrier" in result:
        return f"barrier {points(100 * result['barrier'])}"
    return ""


def name_of(planned: PlannedJob) -> str:
    """What people call a job: its first asker's name for it."""
    return planned.labels[0] if planned.labels else planned.group


def verb_of(job: AnyJob, *, done: bool) -> str:
    """What is being done to a job, or was."""
    match job:
        case FineTune():
            return "Trained" if done else "Training"
        case ReachRewindPoint():
            return "Reached" if done else "Reaching"
        case Prune():
            return "Pruned" if done else "Pruning"
        case DrawMask():
            return "Drawn" if done else "Drawing"
        case CombineMasks():
            return "Combined" if done else "Combining"
        case GivenMask():
            return "Read" if done else "Reading"
        case Interpolate():
            return "Scored" if done else "Scoring"


def until(seconds: float) -> str:
    """A length of time still to go: whole seconds, and never none."""
    whole = max(1, math.ceil(seconds))
    return f"{whole}s" if whole < 60 else time_text(whole)


def ending(done: int, failed: int, waiting: int, interrupted: str | None, took: float) -> tuple[str, str]:
    """The verb and the sentence of the last line."""
    jobs = f"{done} job{'s' * (done != 1)}"
    if interrupted:
        fell = f", {failed} failed" if failed else ""
        return (
            "Interrupted",
            f"after {jobs} in {time_text(took)}{fell}; {waiting} left, run it again to go on from here",
        )
    if failed:
        waits = f", {waiting} wait{'s' * (waiting == 1)} for what failed" if waiting else ""
        return "Failed", f"{failed} of {done + failed} jobs in {time_text(took)}{waits}; what is done is kept"
    if waiting:
        return "Stopped", f"after {jobs} in {time_text(took)}; {waiting} left, run it again to go on from here"
    return "Finished", f"{jobs} in {time_text(took)}" if done else "nothing was left to do"
