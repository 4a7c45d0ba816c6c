"""A plan as people read it: what runs, what is shared, what is reused; the summary is the last line."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..cost import Cost, size_text, time_text
from ..jobs import describe
from ..plain import plain
from ..plan import Plan, PlannedJob
from ..study import Model, Study

FEW = 5  # damaged results that are told one by one


def plan_view(
    plan: Plan,
    unpinned: Sequence[str] = (),
    refused: Sequence[str] = (),
    *,
    cost: Cost | None = None,
    disk: tuple[int, int, int] | None = None,
    damaged: Sequence[str] = (),
    every_job: bool = False,
) -> Iterator[RenderableType]:
    """The lines of a plan.

    Args:
        cost: of what is to run.
        disk: bytes that it takes at its peak, that it takes there where trained weights go early, and that are free.
        damaged: sentences on results that are to be made anew.
        unpinned: hub names whose revision is not known yet.
        refused: sentences on what `run` would refuse.
        every_job: list each job with the cells that ask for it.
    """
    yield heading(plan.study)
    yield Text()
    yield _jobs_by_group(plan)
    if every_job:
        yield Text()
        yield from (_job_line(job) for job in plan.jobs.values())
    notes = (*_notes(plan, unpinned, refused), *damaged_notes(damaged), *_disk_notes(disk))
    if notes:
        yield Text()
        yield from notes
    yield Text()
    yield Text(summary(plan, cost), style="bold")


def heading(study: Study) -> Text:
    """What is studied, in two lines."""
    text = Text(plain(study.name), style="bold")
    if study.question:
        text.append(plain(f": {study.question}"), style="not bold")
    tasks = f"{len(study.tasks)} task{'s' * (len(study.tasks) != 1)}"
    seeds = f"{len(study.seeds)} seed{'s' * (len(study.seeds) != 1)}"
    text.append(f"\n{plain(_model_name(study.model))}, {tasks}, {seeds}, {study.precision}", style="not bold dim")
    return text


def summary(plan: Plan, cost: Cost | None = None) -> str:
    """The verdict on the work: one line, the same three numbers in the same order, and the cost where it is known."""
    jobs, to_run, reused = len(plan.jobs), len(plan.to_run), len(plan.reused)
    shared = f"{plan.shared} more request{'s share' if plan.shared != 1 else ' shares'} them"
    if not jobs:
        return "No work: the study asks for nothing."
    if not to_run:
        there = "its result is there" if jobs == 1 else f"all {jobs} results are there"
        return f"No work: {there}. ({shared})"
    text = f"Plan: {jobs} job{'s' * (jobs != 1)}: {to_run} to run, {reused} reused. {shared[0].upper()}{shared[1:]}."
    return f"{text} {cost.sentence}".rstrip() if cost is not None else text


def damaged_notes(damaged: Sequence[str]) -> Iterator[Text]:
    """What is wrong with results that are there and count as to run: of a few in words."""
    for sentence in damaged[:FEW]:
        yield Text.assemble(("! ", "yellow"), f"{plain(sentence)}; `run` makes it anew")
    if len(damaged) > FEW:
        yield Text.assemble(("! ", "yellow"), f"and {len(damaged) - FEW} more like this; `ticketrun verify` tells them")


def _disk_notes(disk: tuple[int, int, int] | None) -> Iterator[Text]:
    if disk is None:
        return
    kept, lean, free = disk
    less = f", {size_text(lean)} with `run --lean`" if lean < kept else ""
    yield Text(f"disk: about {size_text(kept)} at the peak{less}; {size_text(free)} are free")


def _model_name(model: Model) -> str:
    if model.origin == "micro":
        return "micro-BERT"
    if model.origin == "package":
        return f"package {model.name}" + (f" {model.path}" if model.path else "")
    revision = f" revision {model.revision}" if model.revision else ""
    return f"{model.origin} {model.name}{revision}"


def _jobs_by_group(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("jobs", min_width=24)
    for column in ("to run", "reused", "shared"):
        table.add_column(column, justify="right")
    groups: dict[str, list[PlannedJob]] = defaultdict(list)
    for job in plan.jobs.values():
        groups[job.group].append(job)
    for group, jobs in groups.items():
        reused = sum(job.is_reused for job in jobs)
        shared = sum(len(job.labels) - 1 for job in jobs)
        table.add_row(Text(group), *(str(n) if n else "·" for n in (len(jobs) - reused, reused, shared)))
    return table


def _job_line(job: PlannedJob) -> Text:
    text = Text("  = " if job.is_reused else "  + ", style="dim" if job.is_reused else "green")
    text.append(f"{job.key[:8]}  {describe(job.job)}: ", style="default")
    text.append(", ".join(job.labels), style="dim")
    return text


def _notes(plan: Plan, unpinned: Sequence[str], refused: Sequence[str]) -> Iterator[Text]:
    others = Counter(
        job.known.study for job in plan.reused if job.known is not None and job.known.study != plan.study.name
    )
    for study, count in others.items():
        yield Text(f"reused from the study {study}: {count}")
    if saved := sum(job.known.seconds or 0 for job in plan.reused if job.known is not None):
        yield Text(f"reused results took {time_text(saved)}")
    if unpinned:
        yield Text(f"not pinned yet: {', '.join(unpinned)}. `run` pins their revisions before its first job.")
    for sentence in refused:
        yield Text(sentence)
