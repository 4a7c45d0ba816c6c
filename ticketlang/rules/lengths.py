"""Lengths of training: nothing goes back to its end or beyond, and no rate rises up to there."""

from collections.abc import Iterator

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Recipe, Return, Study, Ticket
from ..units import Duration


def rewinding_leaves_something_to_train(study: Study) -> Iterator[Diagnostic]:
    """Asked where both lengths have one unit; in others they are compared when the data is there, by the job."""
    for ticket in study.tickets:
        recipe = _recipe_of_search(study, ticket)
        if recipe is not None and _reaches(ticket.rewind, recipe.train):
            at = ticket.places.get("rewind", ticket.at)
            yield diagnostics.RewindBeyondTraining(at=at, rewind=str(ticket.rewind), train=str(recipe.train))


def arms_leave_something_to_train(study: Study) -> Iterator[Diagnostic]:
    """As above, of the points that arms go back to: on the sources of tickets, or on whatever is a target."""
    for back in (arm.rewind for arm in study.baselines if arm.rewind is not None):
        lengths = dict.fromkeys(recipe.train for recipe in _recipes_to(study, back))
        for train in (train for train in lengths if _reaches(back.point, train)):
            yield diagnostics.RewindBeyondTraining(at=back.at, rewind=str(back.point), train=str(train))


def warmups_end_before_training(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if _reaches(task.recipe.warmup, task.recipe.train):
            yield _warmup_too_long(task.places.get("warmup", task.at), task.recipe)
    for ticket in study.tickets:
        if ticket.recipe is not None and _reaches(ticket.recipe.warmup, ticket.recipe.train):
            at = ticket.places.get("warmup", ticket.places.get("train", ticket.at))
            yield _warmup_too_long(at, ticket.recipe)


def gradual_prunings_end_before_training(study: Study) -> Iterator[Diagnostic]:
    """Weights that are left are trained on after the last are gone."""
    for ticket in study.tickets:
        recipe, rise = _recipe_of_search(study, ticket), ticket.pruning.rise
        if recipe is not None and rise is not None and _reaches(rise.ends, recipe.train):
            at = ticket.pruning.at or ticket.at
            yield diagnostics.RiseBeyondTraining(at=at, ends=str(rise.ends), train=str(recipe.train))


def _recipes_to(study: Study, back: Return) -> Iterator[Recipe]:
    """Of the trainings that reach a point: on the tickets' sources; or on each target, as its own ticket has it."""
    for ticket in study.tickets:
        search = _recipe_of_search(study, ticket)
        if back.is_of_target:
            targets = dict.fromkeys(target for _, target in study.trainings(ticket))
            recipes = [search if ticket.source == (name,) else study.tasks[name].recipe for name in targets]
        else:
            recipes = [search]
        yield from (recipe for recipe in recipes if recipe is not None)


def _recipe_of_search(study: Study, ticket: Ticket) -> Recipe | None:
    """None: nothing is trained to find it, or the task was not understood."""
    own = study.tasks.get(ticket.source[0]) if ticket.source else None
    return ticket.recipe or (own.recipe if own is not None else None)


def _reaches(point: Duration, train: Duration) -> bool:
    """Whether a point of a training lies at its end or beyond, as far as the units tell."""
    return point.unit == train.unit and point.amount >= train.amount


def _warmup_too_long(at: Span, recipe: Recipe) -> Diagnostic:
    return diagnostics.WarmupBeyondTraining(at=at, warmup=str(recipe.warmup), train=str(recipe.train))
