"""How far a study is: a line for each kind of job, what failed with its reason, and a summary as the last line."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..jobs import JobKey
from ..plain import plain
from ..plan import Plan, PlannedJob
from .plan import heading


def status_view(plan: Plan, running: Collection[JobKey], failures: Mapping[JobKey, str]) -> Iterator[RenderableType]:
    """The lines of a status.

    Args:
        running: jobs that some process is doing now.
        failures: why jobs that are not done failed when they were last tried.
    """
    yield heading(plan.study)
    yield Text()
    yield _by_group(plan, running, failures)
    if failures:
        yield Text()
        for key, sentence in failures.items():
            yield Text.assemble(("✗ ", "red"), f"{plain(plan.jobs[key].labels[0])}: {plain(sentence)}")
    yield Text()
    yield Text(_summary(plan, running, failures), style="bold")


def nothing_view(plan: Plan, store: Path) -> Iterator[RenderableType]:
    """The lines of a status where there is no store at a place."""
    yield heading(plan.study)
    yield Text()
    jobs = f"{len(plan.jobs)} job{'s' * (len(plan.jobs) != 1)}"
    be = "is" if len(plan.jobs) == 1 else "are"
    yield Text(
        f"Nothing has been run yet: there is no store at {plain(str(store))}, and {jobs} {be} to run."
        " `--store DIR` looks elsewhere.",
        style="bold",
    )


def _by_group(plan: Plan, running: Collection[JobKey], failures: Mapping[JobKey, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("jobs", min_width=24)
    for column in ("done", "running", "failed", "left"):
        table.add_column(column, justify="right")
    groups: dict[str, list[PlannedJob]] = defaultdict(list)
    for job in plan.jobs.values():
        groups[job.group].append(job)
    for group, jobs in groups.items():
        table.add_row(Text(group), *(str(n) if n else "·" for n in _counts(jobs, running, failures)))
    return table


def _counts(
    jobs: Collection[PlannedJob], running: Collection[JobKey], failures: Mapping[JobKey, str]
) -> tuple[int, int, int, int]:
    done = sum(job.is_reused for job in jobs)
    busy = sum(job.key in running for job in jobs)
    failed = sum(job.key in failures and job.key not in running for job in jobs)
    return done, busy, failed, len(jobs) - done - busy - failed


def _summary(plan: Plan, running: Collection[JobKey], failures: Mapping[JobKey, str]) -> str:
    done, busy, failed, left = _counts(plan.jobs.values(), running, failures)
    return f"Done: {done} of {len(plan.jobs)} jobs; {busy} running, {failed} failed, {left} left."
