"""How far a study is: for a page that is looked at while it runs."""

from collections.abc import Collection, Mapping

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan
from ticketlang.standing import Standing, standing, standings

from .blocks import Block, Column, Entry, Prose, Section, Table

NAMED = 20  # jobs that are spoken of one by one
COUNTED = ("done", "running", "failed", "left")


def progress(plan: Plan, running: Collection[JobKey], failures: Mapping[JobKey, str]) -> Section:
    """Jobs by group, which are being done, and why some failed when they were last tried."""
    whole = standing(plan.jobs.values(), running, failures, "all")
    done = f"{whole.done} of {len(plan.jobs)} jobs are done"
    said = done + (
        "."
        if whole.done == len(plan.jobs)
        else f", {whole.running} {'is' if whole.running == 1 else 'are'} running, {whole.failed} failed."
    )
    blocks: list[Block] = [Prose(said)]
    if now := [job.labels[0] for key, job in plan.jobs.items() if key in running][:NAMED]:
        blocks.append(Prose(f"Being done: {', '.join(now)}."))
    blocks += [
        Prose(f"{plan.jobs[key].labels[0]}: {sentence}", is_warning=True)
        for key, sentence in list(failures.items())[:NAMED]
    ]
    blocks.append(
        Table(
            title="",
            columns=(Column("jobs", is_number=False), *map(Column, COUNTED)),
            rows=tuple(map(_row, (*standings(plan, running, failures), whole))),
        )
    )
    return Section(title="How far it is", blocks=tuple(blocks))


def _row(counted: Standing) -> tuple[Entry, ...]:
    numbers = (Entry(f"{n:,}" if n else "\N{MIDDLE DOT}", tone="plain" if n else "faint") for n in counted.counts)
    return (Entry(counted.group), *numbers)
