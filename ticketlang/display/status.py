"""How far a study is: a line for each kind of job, what failed with its reason, and a summary as the last line."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..cost import Cost
from ..jobs import JobKey
from ..plain import plain
from ..plan import Plan
from ..standing import standing, standings
from .plan import damaged_notes, heading


def status_view(
    plan: Plan,
    running: Collection[JobKey],
    failures: Mapping[JobKey, str],
    cost: Cost | None = None,
    standing: Mapping[JobKey, tuple[int, int]] | None = None,
    damaged: Sequence[str] = (),
) -> Iterator[RenderableType]:
    """The lines of a status; the last one says all of it in short.

    Args:
        running: jobs that some process is doing now.
        failures: why jobs that are not done failed when they were last tried.
        cost: of what is not done.
        standing: of jobs that were begun, how many steps are kept, and how many there are.
        damaged: sentences on results that are not done any more, and are to be made anew.
    """
    yield heading(plan.study)
    yield Text()
    yield _by_group(plan, running, failures)
    if standing:
        yield Text()
        for key, (step, steps) in standing.items():
            goes_on = "is kept up to" if key in running else "stands at"
            yield Text.assemble(("… ", "cyan"), f"{_name_of(plan, key)} {goes_on} step {step:,} of {steps:,}")
    if failures:
        yield Text()
        for key, sentence in failures.items():
            yield Text.assemble(("✗ ", "red"), f"{_name_of(plan, key)}: {plain(sentence)}")
    if damaged:
        yield Text()
        yield from damaged_notes(damaged)
    yield Text()
    yield Text(_summary(plan, running, failures, cost), style="bold")


def _name_of(plan: Plan, key: JobKey) -> str:
    return plain(plan.jobs[key].labels[0])


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
    for each in standings(plan, running, failures):
        table.add_row(Text(each.group), *(str(n) if n else "·" for n in each.counts))
    return table


def _summary(plan: Plan, running: Collection[JobKey], failures: Mapping[JobKey, str], cost: Cost | None) -> str:
    done, busy, failed, left = standing(plan.jobs.values(), running, failures).counts
    text = f"Done: {done} of {len(plan.jobs)} jobs; {busy} running, {failed} failed, {left} left."
    if left and not busy:
        text += " Nobody runs it now."
    if cost is None or not cost.known:
        return text
    return f"{text} {cost.sentence}"
