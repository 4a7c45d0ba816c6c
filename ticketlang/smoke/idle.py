"""Trainings that would have no step left: known as soon as the number of examples is, and not by small trainings."""

from collections.abc import Iterator, Mapping

from ..study import Recipe, Study, Ticket
from ..units import Duration
from .smoked import Fault


def idle(study: Study, examples: Mapping[str, int]) -> Iterator[Fault]:
    """Points of tickets, and warm-ups, at or beyond the end of the training they are of.

    Args:
        examples: of training, of the tasks of which they are known.
    """
    for task in study.tasks.values():
        if task.name in examples:
            count = min(examples[task.name], task.limit or examples[task.name])
            yield from _of_warmup(study, task.name, task.recipe, count)
    for ticket in study.tickets:
        if ticket.source and ticket.source[0] in examples:
            yield from _of_ticket(study, ticket, examples[ticket.source[0]])


def _of_warmup(study: Study, name: str, recipe: Recipe, examples: int) -> Iterator[Fault]:
    task = study.tasks[name]
    steps, warmup = _steps(recipe, recipe.warmup, examples, 1)
    if not steps:
        yield Fault(task.places.get("train", task.at), f"task {name}", f"training for {recipe.train} takes no step")
    elif warmup >= steps:
        sentence = f"the rate rises over {warmup} steps, and training takes {steps}"
        yield Fault(task.places.get("warmup", task.at), f"task {name}", sentence)


def _of_ticket(study: Study, ticket: Ticket, examples: int) -> Iterator[Fault]:
    task = study.tasks[ticket.source[0]]
    count = min(examples, ticket.limit_on(task) or examples)
    steps, point = _steps(ticket.recipe or task.recipe, ticket.rewind, count, len(ticket.source))
    if steps and point >= steps:
        sentence = f"{ticket.rewind} is step {point}, and training on {task.name} takes {steps} steps"
        yield Fault(ticket.places.get("rewind", ticket.at), ticket.label, sentence)


def _steps(recipe: Recipe, point: Duration, examples: int, tasks: int) -> tuple[int, int]:
    """Of the whole training, and up to a point of it."""
    per_epoch = recipe.steps_per_epoch(examples, tasks)
    steps = recipe.train.steps(per_epoch)
    return steps, point.steps(per_epoch, steps)
