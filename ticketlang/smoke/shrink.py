"""Study -> the same study on a small stage: few steps, few levels, two runs, and other data where there is none.

All that the study is about stays as it is: tickets, baselines, heads, transfers, claims, match rule, report.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from attrs import evolve, frozen

from ..study import Arm, ArmPattern, Data, Model, Recipe, Seeds, Study, Task, Ticket, Transfer
from ..units import START, Duration, Sparsity

FEWEST_STEPS = 3  # of a training: a gradual pruning begins, goes on and ends within it
BATCH = 4  # examples a step, at most
ROWS = 32  # examples of a training split
LENGTH = 32  # tokens of an input whose text is made up, and of a block of running text
HELD_OUT = Fraction(1, 4)  # of the rows, at least, where a part of the training split is scored on
ROOM = 8  # examples between one `limit` and the next larger one


@frozen(kw_only=True)
class Stage:
    """What a task of a small study reads."""

    data: Data
    classes: int | None  # found or declared
    is_own: bool  # the study's own examples, whose lengths are to stand


def shrink(study: Study, model: Model, stages: Mapping[str, Stage], masks: Mapping[Ticket, str]) -> Study:
    """The small study. Its names are those of the study, and places in the spec stay what they are.

    Args:
        stages: by task.
        masks: files of the tickets that start from one.
    """
    points, limits = _points(study), _limits(study)
    length = Duration(Fraction(max(FEWEST_STEPS, len(points) + 1)), "steps")
    scale = _Scale(length=length, points=points, limits=limits, masks=masks)
    kept = _kept_levels(study)
    tickets = tuple(
        evolve(scale.ticket(ticket), path=path, levels=tuple(level for level in ticket.levels if level in path))
        for ticket in study.tickets
        if (path := tuple(level for level in ticket.path if level in kept[_label(ticket)]))
    )
    return evolve(
        study,
        model=model,
        seeds=_runs(study),
        tasks={name: scale.task(task, stages[name]) for name, task in study.tasks.items()},
        tickets=tickets,
        baselines=tuple(scale.arm(arm) for arm in study.baselines),
        transfers=tuple(_transfer(transfer, tickets) for transfer in study.transfers),
    )


@frozen(kw_only=True)
class _Scale:
    """How long and how large everything is."""

    length: Duration  # of every training
    points: Mapping[Duration, Duration]  # of the study -> of the small one
    limits: Mapping[int, int]  # as above
    masks: Mapping[Ticket, str]

    def task(self, task: Task, stage: Stage) -> Task:
        is_text = task.label is None
        return evolve(
            task,
            data=stage.data,
            classes=stage.classes,
            held_out=None if task.held_out is None else max(task.held_out, HELD_OUT),
            limit=None if task.limit is None else self.limits[task.limit],
            limit_evaluation=None if task.limit_evaluation is None else ROOM,
            length=task.length if stage.is_own and not is_text else min(task.length, LENGTH),
            stride=task.stride if stage.is_own else min(task.stride, LENGTH // 4),
            recipe=self.recipe(task.recipe),
        )

    def recipe(self, recipe: Recipe) -> Recipe:
        warmup = START if recipe.warmup == START else Duration(Fraction(1), "steps")
        return evolve(recipe, train=self.length, batch=min(recipe.batch, BATCH), warmup=warmup)

    def ticket(self, ticket: Ticket) -> Ticket:
        rise = ticket.pruning.rise
        if rise is not None:
            one = Duration(Fraction(1), "steps")
            rise = evolve(rise, begins=START, ends=evolve(self.length, amount=self.length.amount - 1), every=one)
        return evolve(
            ticket,
            pruning=evolve(ticket.pruning, rise=rise),
            rewind=self.points.get(ticket.rewind, START),
            recipe=None if ticket.recipe is None else self.recipe(ticket.recipe),
            limit=self.limits[ticket.limit] if isinstance(ticket.limit, int) else ticket.limit,
            given=None if ticket.given is None else evolve(ticket.given, name=self.masks[ticket]),
        )

    def arm(self, arm: Arm) -> Arm:
        if arm.rewind is None:
            return arm
        return evolve(arm, rewind=evolve(arm.rewind, point=self.points.get(arm.rewind.point, START)))


def _points(study: Study) -> dict[Duration, Duration]:
    """Points of a training that tickets and arms go back to: the earliest becomes step 1, so that none is lost."""
    of_arms = {arm.rewind.point for arm in study.baselines if arm.rewind is not None}
    there = ({ticket.rewind for ticket in study.tickets} | of_arms) - {START}
    in_order = sorted(there, key=lambda point: (point.unit, point.amount))
    return {point: Duration(Fraction(step), "steps") for step, point in enumerate(in_order, start=1)}


def _limits(study: Study) -> dict[int, int]:
    """Numbers of examples, each larger than the one before as long as there are rows."""
    said = {task.limit for task in study.tasks.values()} | {ticket.limit for ticket in study.tickets}
    numbers = sorted(limit for limit in said if isinstance(limit, int))
    return {limit: min(limit, ROOM * place, ROWS) for place, limit in enumerate(numbers, start=1)}


def _runs(study: Study) -> tuple[Seeds, ...]:
    """Two runs, as no verdict is given on fewer; the second one with other noise, if there is such a run."""
    first, *others = study.seeds
    apart = [run for run in others if (run.order, run.dropout) != (first.order, first.dropout)]
    return (first, *(apart or others)[:1])


# Levels


def _label(ticket: Ticket) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What the tickets of one path have in common; of levels pruned in one shot each has a ticket of its own."""
    return ticket.name, ticket.source_name, ticket.variant


def _kept_levels(study: Study) -> dict[object, frozenset[Sparsity]]:
    """Of each path the first level and the last, the first and last that are looked at, and those that are named."""
    paths: dict[object, list[Ticket]] = {}
    for ticket in study.tickets:
        paths.setdefault(_label(ticket), []).append(ticket)
    kept = {}
    for label, tickets in paths.items():
        through = [level for ticket in tickets for level in ticket.path]
        looked_at = [level for ticket in tickets for level in ticket.levels]
        named = {level for level in through for speaks in _named(study, tickets[0]) if level == speaks}
        kept[label] = frozenset({*_ends(through), *_ends(looked_at), *named})
    return kept


def _ends(levels: list[Sparsity]) -> tuple[Sparsity, ...]:
    return (min(levels), max(levels)) if levels else ()


def _named(study: Study, ticket: Ticket) -> Iterator[Sparsity]:
    """Levels of a ticket that its transfers, the claims, or combinations with other masks speak of."""
    baselines = {arm.name for arm in study.baselines}
    for transfer in study.transfers:
        yield from transfer.levels if transfer.ticket == ticket.name else ()
    for pattern in _patterns(study):
        if pattern.level is not None and pattern.arm in {ticket.name, *baselines}:
            yield pattern.level
    for arm in study.baselines:
        for one, others in study.partners(arm).items():
            for other in others:
                if ticket in {one, other}:
                    yield from sorted(set(one.path) & set(other.path))[-1:]


def _patterns(study: Study) -> Iterable[ArmPattern]:
    return (pattern for claim in study.claims for pattern in (claim.left, claim.right))


def _transfer(transfer: Transfer, tickets: Iterable[Ticket]) -> Transfer:
    there = {level for ticket in tickets if ticket.name == transfer.ticket for level in ticket.levels}
    return evolve(transfer, levels=tuple(level for level in transfer.levels if level in there))
