"""One cell, as people read it: what it is made from, whether it is there, and why it is not."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.text import Text

from ..comparisons import beside
from ..jobs import (
    AnyJob,
    CombineMasks,
    DrawMask,
    FineTune,
    GivenMask,
    Interpolate,
    PartlyRewound,
    Pretrained,
    PretrainedHead,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    Weights,
    describe,
)
from ..phrasing import Said, statements_of_task
from ..plain import plain
from ..plan import Plan, PlannedJob
from ..reasons import Cause
from ..units import percent_text

SHOWN = 3  # differences from the nearest stored job


def cell_view(plan: Plan, name: str, job: PlannedJob, result: Mapping[str, Any] | None) -> Iterator[Text]:
    """A cell's settings, its inputs, and its scores where there are any; or those of any other job."""
    if not isinstance(job.job, FineTune):
        yield from other_view(plan, name, job, result)
        return
    yield Text(plain(name), style="bold")
    yield from _row("job", f"{describe(job.job)}, {state_of(job)}")
    yield from _row("key", job.key)
    yield from _row("weights", _weights(plan, job.job.weights))
    yield from _row("mask", "none" if job.job.mask is None else _input(plan, job.job.mask))
    if job.job.gradually is not None:
        yield from _row("pruned", f"{job.job.gradually.pruning}, to {job.job.gradually.sparsity}")
    yield from _row("head", _head(plan, job.job))
    if job.job.begins is not None:
        yield from _row("begins", f"at {job.job.begins}")
    seeds = job.job.seeds
    masking = "" if seeds.masking is None else f", masking {seeds.masking}"
    yield from _row(
        "seeds", f"head {seeds.head}, order {seeds.order}, dropout {seeds.dropout}, subset {seeds.subset}{masking}"
    )
    yield from _row("precision", job.job.precision)
    for said in statements_of_task(job.job.task):
        if said.word != "head":  # the job's own head is told above
            yield from _said(said)
    others = [label for label in job.labels if label != name]
    if others:
        yield from _row("shared with", _listed(others))
    for other, differ in beside(plan, name):
        yield from _row("differs", f"from {other} in {differ}")
    if result is not None:
        scores = result.get("scores", {})
        yield from _row("scores", ", ".join(f"{metric} {100 * score:.2f}" for metric, score in scores.items()))


def other_view(plan: Plan, name: str, job: PlannedJob, result: Mapping[str, Any] | None) -> Iterator[Text]:
    """A mask, a rewind point or a line: what it is made from, and what came of it."""
    yield Text(plain(name), style="bold")
    yield from _row("job", f"{describe(job.job)}, {state_of(job)}")
    yield from _row("key", job.key)
    for word, value in _made_from(plan, job.job):
        yield from _row(word, value)
    others = [label for label in job.labels if label != name]
    if others:
        yield from _row("shared with", _listed(others))
    if result is not None and "removed" in result:
        share = percent_text(Fraction(result["removed"], result["total"]))
        yield from _row("removed", f"{result['removed']:,} of {result['total']:,} weights, {share}")
        if result["collapsed"]:
            yield from _row("collapsed", _listed(result["collapsed"]))
    if result is not None and "barrier" in result:
        yield from _row("barrier", f"{100 * result['barrier']:.2f} points of {result['metric']}")


def _made_from(plan: Plan, job: AnyJob) -> Iterator[tuple[str, str]]:
    match job:
        case Prune():
            yield "pruning", f"{job.pruning}, to {job.sparsity}"
            yield "weights", "pre-trained" if job.weights is None else f"as left by {_input(plan, job.weights)}"
            yield "mask before", "none" if job.start is None else _input(plan, job.start)
            if job.seed is not None:
                yield "seed", str(job.seed)
        case DrawMask():
            yield "scope", " + ".join(job.scope)
            yield "drawn", _drawn(plan, job)
            yield "seed", str(job.seed)
        case GivenMask():
            yield "scope", " + ".join(job.scope)
            yield "file", f"digest {job.file}, missing {job.missing}"
        case CombineMasks():
            yield job.operation, ", ".join(_input(plan, key) for key in job.masks)
        case ReachRewindPoint():
            yield "until", str(job.until)
            yield "seeds", f"head {job.seeds.head}, order {job.seeds.order}, dropout {job.seeds.dropout}"
        case Interpolate():
            yield "from", _input(plan, job.one)
            yield "to", _input(plan, job.other)
            yield "points", str(job.points)


def _drawn(plan: Plan, job: DrawMask) -> str:
    if job.pattern is not None:
        return "{} of every {} neighbours are kept".format(*job.pattern)
    return "over the whole scope" if job.like is None else f"in each matrix, as {_input(plan, job.like)}"


def _listed(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def state_of(job: PlannedJob) -> str:
    """`in the store, made for the study small`, or `to run`."""
    return "to run" if job.known is None else f"in the store, made for the study {job.known.study}"


def cause_view(name: str, job: PlannedJob, cause: Cause | None, *, every_step: bool = False) -> Iterator[Text]:
    """Why a cell is to run, or why it is not.

    Args:
        every_step: name each job between the cell and the one that it waits for, and all that this one differs in.
    """
    yield Text(plain(name), style="bold")
    if cause is None:
        yield Text(f"is {plain(state_of(job))}; nothing runs for it.")
        return
    yield Text(f"is to run: {describe(job.job)}.")
    last, between = cause.chain[-1], cause.chain[1:-1]
    if every_step:
        for step in between:
            yield Text(f"It needs `{plain(step.labels[0])}`, which is to run: {describe(step.job)}.")
    if last is not job:
        by_way = f", by way of {len(between)} more" if between and not every_step else ""
        yield Text(f"It waits for `{plain(last.labels[0])}`{by_way}, which is to run: {describe(last.job)}.")
    yield from _nearest(cause, len(cause.differences) if every_step else SHOWN)
    if cause.reached:
        among = "" if last is job else ", this one among them"
        yield Text(f"{cause.reached} job{' waits' if cause.reached == 1 else 's wait'} for it{among}.")
    if not every_step and (between or len(cause.differences) > SHOWN):
        yield Text("`--verbose` says all of it.", style="dim")


def _nearest(cause: Cause, shown: int) -> Iterator[Text]:
    """What the store has that is most like the job that everything waits for, and in what it differs."""
    if cause.nearest is None:
        yield Text(f"The store has nothing that would {describe(cause.chain[-1].job)}.")
        return
    if not cause.differences:
        yield Text("The store has such a result, made by an earlier release whose results mean something else.")
        return
    yield Text(f"The store has `{plain(cause.nearest.labels[0])}`, which differs in")
    for difference in cause.differences[:shown]:
        place = f"{difference.place} {difference.field}".strip()
        before, after = (
            plain(side if side is not None else "nothing") for side in (difference.before, difference.after)
        )
        yield Text.assemble(f"  {plain(place)}: ", (before, "red"), " -> ", (after, "green"))
    if len(cause.differences) > shown:
        yield Text(f"  and {len(cause.differences) - shown} more")


def _row(name: str, value: str) -> Iterator[Text]:
    yield Text(f"  {name:18}{plain(value)}")


def _said(said: Said) -> Iterator[Text]:
    yield from _row(said.name, said.phrase.removeprefix("evaluation "))


def _input(plan: Plan, key: str) -> str:
    job = next((job for found, job in plan.jobs.items() if found == key), None)
    return key if job is None else f"{job.labels[0]} ({state_of(job)})"


def _weights(plan: Plan, weights: Weights) -> str:
    match weights:
        case Pretrained():
            return "pre-trained"
        case Reached(job=key):
            return f"as left by {_input(plan, key)}"
        case PartlyRewound(matrices=point, rest=key):
            return f"pruned matrices {_weights(plan, point)}, the rest as left by {_input(plan, key)}"
        case RandomWeights(over=over, seed=seed):
            return f"random {over}, seed {seed}"
        case Shuffled(weights=inner, seed=seed, over=over):
            return f"{_weights(plan, inner)}, {over} shuffled, seed {seed}"


def _head(plan: Plan, job: FineTune) -> str:
    if job.head is None or isinstance(job.head, PretrainedHead):
        return "fresh" if job.head is None and job.task.head == "fresh" else "pre-trained"
    return f"as left by {_input(plan, job.head)}"
