"""Study -> the statements that say it, with every default written out and every name resolved.

The inverse of `elaborate`: what is printed here, read again, is the same study. `validate --full` prints it, and `diff`
compares two of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import frozen

from .study import (
    Arm,
    ArmPattern,
    Claim,
    Data,
    MatchRule,
    Model,
    Optimizer,
    PublishedLevel,
    PublishedNumber,
    Recipe,
    Return,
    Seeds,
    Study,
    Task,
    Ticket,
    Transfer,
    usual_head,
)
from .units import START, Duration, Sparsity, percent_text
from .vocabulary.arms import MASKS, WEIGHTS
from .vocabulary.fields import ROLES
from .vocabulary.tasks import TASK_KINDS, WINDOWED
from .vocabulary.words import RESERVED

WORD = re.compile(r"[^\W\d][\w-]*(\.[\w-]+)*")
LONGEST = 28  # digits of a level; one that has more is no decimal fraction, or nobody would read it
LONGEST_WRITTEN = 100  # digits of a number that somebody wrote, with room to spare
EXACT = Context(prec=200)
INDENT = "  "


@frozen
class Said:
    """A statement: a word, what is said about it, and what stands in its block."""

    word: str
    phrase: str
    inside: "tuple[Said, ...] | None" = None

    @property
    def name(self) -> str:
        """What tells it from others of its block."""
        if self.word in {"task", "arm", "study", "ticket", "claim", "published"}:
            return f"{self.word} {self.phrase}"
        if self.word == "head" and " in " in self.phrase:  # of a ticket, and not of a task or of seeds
            return f"head {self.phrase[self.phrase.rindex('in ') :]}"
        if self.word == "transfer":
            return f"transfer {self.phrase.split()[0]}"
        if self.word == "limit" and self.phrase.startswith("evaluation"):
            return "limit evaluation"
        return self.word


def statements_of(study: Study) -> tuple[Said, ...]:
    """Everything a study says: its tasks, its arms, and itself."""
    return (
        *(_task(task) for task in study.tasks.values()),
        *(_arm(arm) for arm in study.baselines),
        Said("study", study.name, tuple(_study(study))),
    )


def text_of(statements: Iterable[Said], indent: str = "") -> str:
    """Statements as a file would have them, with the phrases of a block in one column."""
    said = tuple(statements)
    column = max((len(s.word) for s in said if s.inside is None), default=0)
    lines: list[str] = []
    for before, statement in zip((None, *said), said, strict=False):
        if statement.inside is None:
            if before is not None and before.inside is not None:
                lines.append("\n")
            lines.append(f"{indent}{statement.word:{column}} {statement.phrase}\n")
        else:
            if lines:
                lines.append("\n")
            inside = text_of(statement.inside, indent + INDENT)
            lines.append(f"{indent}{statement.word} {statement.phrase} {{\n{inside}{indent}}}\n")
    return "".join(lines)


# Blocks


def _task(task: Task) -> Said:
    return Said("task", task.name, statements_of_task(task))


def statements_of_task(task: Task) -> tuple[Said, ...]:
    """What is said in the block of a task."""
    limits = (("", task.limit), ("evaluation ", task.limit_evaluation))
    classes = "" if task.classes is None else f", classes {task.classes}"
    return (
        Said("kind", task.kind),
        Said("data", _data(task.data)),
        Said("splits", _splits(task)),
        Said("text", _list(map(_column, task.text))),
        *(() if task.label is None else (Said("label", f"{_column(task.label)}{classes}"),)),
        Said("metric", _list(task.metrics)),
        Said("length", f"{task.length} tokens"),
        *((Said("stride", f"{task.stride} tokens"),) if task.kind == WINDOWED else ()),
        *((Said("head", task.head),) if TASK_KINDS[task.kind].has_pretrained_head else ()),
        *(Said("limit", f"{of}{'all' if limit is None else limit} examples") for of, limit in limits),
        Said("evaluate", "last" if task.best_on is None else f"best on {_column(task.best_on)}"),
        *_recipe(task.recipe),
    )


def _splits(task: Task) -> str:
    train = _column(task.train_split)
    held_out = "" if task.held_out is None else f"{_percent(task.held_out)} of "
    return f"{train}, {held_out}{_column(task.score_split)}"


def statements_of_recipe(recipe: Recipe) -> tuple[Said, ...]:
    """How a network is trained, the rounds that its rate falls over among it."""
    return (*_recipe(recipe), Said("schedule", _schedule(recipe.rounds)))


def _recipe(recipe: Recipe) -> Iterator[Said]:
    yield Said("train", duration_text(recipe.train))
    yield Said("batch", f"{recipe.batch} examples")
    yield Said("rate", f"{number_text(recipe.rate)} {recipe.schedule}")
    yield Said("warmup", duration_text(recipe.warmup))
    yield Said("optimizer", _optimizer(recipe.optimizer))


def _arm(arm: Arm) -> Said:
    if arm.partner is not None:
        mask = f"{arm.mask} of ticket with {arm.partner.ticket}{_from(arm.partner.source)}"
    else:
        mask = next(said for said, name in MASKS.items() if name == arm.mask)
    weights = next(said for said, name in WEIGHTS.items() if name == arm.weights)
    back = () if arm.rewind is None else (Said("rewind", _return(arm.rewind)),)
    return Said("arm", arm.name, (Said("mask", mask), Said("weights", weights), *back))


def _return(back: Return) -> str:
    return f"{duration_text(back.point)}{' on target' if back.is_of_target else ''}"


def _study(study: Study) -> Iterator[Said]:
    if study.question is not None:
        yield Said("question", f'"{study.question}"')
    yield Said("model", _model(study.model))
    yield Said("precision", study.precision)
    yield _seeds(study.seeds)
    for name in dict.fromkeys(ticket.name for ticket in study.tickets):
        yield _ticket(name, study)
    if study.baselines:
        yield Said("baselines", _list(arm.name for arm in study.baselines))
    for transfer in study.transfers:
        yield Said("transfer", _transfer(transfer))
    if study.match is not None:
        yield Said("match", _match(study.match))
    for claim in study.claims:
        word, _, rest = _claim(claim).partition(" ")
        yield Said("claim", claim.name, (Said(word, rest),))
    for published in study.published:
        if said := tuple(_number(number) for number in published.numbers if _is_in(study, number)):
            yield Said("published", f'"{published.where}"', said)
    if study.report:
        yield Said("report", _list(study.report))


def _seeds(seeds: tuple[Seeds, ...]) -> Said:
    if all(run.is_tied for run in seeds):
        return Said("seeds", _list(str(run.search) for run in seeds))
    by_role = {role: dict.fromkeys(getattr(run, role) for run in seeds) for role in ROLES}
    said = {role: values for role, values in by_role.items() if None not in values}  # masking goes by the order there
    return Said("seeds", "", tuple(Said(role, _list(map(str, values))) for role, values in said.items()))


def _ticket(name: str, study: Study) -> Said:
    """A block: each of its axes with the values that its tickets have, in order."""
    tickets = [ticket for ticket in study.tickets if ticket.name == name]

    def axis(word: str, phrase: Callable[[Ticket], str]) -> Said:
        return Said(word, _list(dict.fromkeys(map(phrase, tickets))))

    fields = (
        axis("source", _source),
        axis("prune", lambda ticket: str(ticket.pruning)),
        *_levels(tickets),
        axis("rewind", _rewind),
        axis("schedule", lambda ticket: _schedule(ticket.recipe.rounds if ticket.recipe else 1)),
        axis("first", lambda ticket: ticket.first),
        *_search_heads(tickets),
        _in_place(axis("head", lambda ticket: ticket.transfer_head), "transfer"),
        *([] if tickets[0].limit is None else [axis("limit", lambda ticket: f"{ticket.limit} examples")]),
        *_recipe_of_search(tickets, study),
    )
    return Said("ticket", name, fields)


def _search_heads(tickets: Sequence[Ticket]) -> Iterator[Said]:
    """Nothing where some tickets rewind and others do not, each with its usual head: a list would mean every pair."""
    heads = dict.fromkeys(ticket.search_head for ticket in tickets)
    is_usual = all(ticket.search_head == usual_head(ticket.resets) for ticket in tickets)
    if len(heads) == 1 or not is_usual:
        yield _in_place(Said("head", _list(heads)), "search")


def _in_place(said: Said, training: str) -> Said:
    return Said(said.word, f"{said.phrase} in {training}")


def _recipe_of_search(tickets: list[Ticket], study: Study) -> Iterator[Said]:
    """What a ticket says of its training: fields in which it differs from a task that it is found on."""
    own_recipes = ((ticket, study.tasks[ticket.source[0]].recipe) for ticket in tickets if ticket.source)
    searched = [(ticket.recipe or own, own) for ticket, own in own_recipes]
    if not searched:
        return
    said = zip(*(tuple(_recipe(ours)) for ours, _ in searched), strict=True)
    own = zip(*(tuple(_recipe(task)) for _, task in searched), strict=True)
    for ours, tasks in zip(said, own, strict=True):
        if ours != tasks:
            yield Said(ours[0].word, _list(dict.fromkeys(field.phrase for field in ours)))


def _levels(tickets: list[Ticket]) -> Iterator[Said]:
    paths = tuple(dict.fromkeys(ticket.path for ticket in tickets))
    if len(paths) > 1:  # each ticket is pruned in one shot
        yield Said("rounds", "1")
        yield Said("sparsity", _path(tuple(level for path in paths for level in path)))
    elif tickets[0].levels == paths[0]:
        yield Said("sparsity", _path(paths[0]))
    else:
        yield Said("rounds", _path(paths[0]))
        yield Said("sparsity", _list(map(_level, tickets[0].levels)))


# Phrases


def _path(levels: tuple[Sparsity, ...]) -> str:
    """Levels as shares of the original weights; where these have no end, as shares of what each level left."""
    shares = [_percent(level.fraction) for level in levels]
    if None not in shares:
        return f"{_list(share for share in shares if share)} of original"
    left = [Fraction(1), *(1 - level.fraction for level in levels)]
    taken = [_percent(1 - after / before) for before, after in pairwise(left)]
    return f"{_list(share or percent_text(Fraction(0)) for share in taken)} of remaining"


def _level(level: Sparsity) -> str:
    return _percent(level.fraction) or str(level)


def _source(ticket: Ticket) -> str:
    if ticket.given is None:
        return " + ".join(ticket.source) or "none"
    missing = "" if ticket.given.missing == "nothing" else f" missing {ticket.given.missing}"
    return f'file "{ticket.given.name}"{missing}'


def _rewind(ticket: Ticket) -> str:
    point = duration_text(ticket.rewind)
    if ticket.resets == "nothing":
        return "nothing" if ticket.rewind == START else f"rates to {point}"
    return f"{point} of {ticket.resets}"


def _schedule(rounds: int) -> str:
    return "each round" if rounds == 1 else f"over {rounds} rounds"


def _optimizer(optimizer: Optimizer) -> str:
    clip = "none" if optimizer.clip is None else number_text(optimizer.clip)
    return (
        f"{optimizer.method} epsilon {number_text(optimizer.epsilon)} decay {number_text(optimizer.decay)} clip {clip}"
    )


def _model(model: Model) -> str:
    if model.origin == "micro":
        return "micro"
    if model.origin == "package":
        return f'package {_column(model.name)} "{model.path}"'
    return f'{model.origin} "{model.name}"{_named("revision", model.revision)}'


def _data(data: Data) -> str:
    if data.origin == "micro":
        return f"micro {data.name} world {data.world}"
    return f'{data.origin} "{data.name}"{_named("config", data.config)}{_named("revision", data.revision)}'


def _named(word: str, value: str | None) -> str:
    return "" if value is None else f' {word} "{value}"'


def _transfer(transfer: Transfer) -> str:
    return f"{transfer.ticket} at {_list(map(_level, transfer.levels))} to {_list(transfer.targets)}"


def _match(rule: MatchRule) -> str:
    if rule.unit == "sd":
        return f"within {number_text(rule.amount)} sd of dense using {rule.deviation} sd"
    test = "" if rule.confidence is None else f" with {_percent(rule.confidence)} confidence"
    if rule.to_show == "difference":
        return f"unless below dense{test}"
    return f"within {number_text(rule.amount)} points of dense{test}" if rule.amount or test else "at or above dense"


def _claim(claim: Claim) -> str:
    points = f"{number_text(claim.margin)} points" if claim.margin else ""
    is_within = claim.relation == "is within"
    relation = f"is within {points} of" if is_within else claim.relation
    margin = f" by {points}" if points and not is_within else ""
    other = " other" if claim.other else ""
    targets = f" of {_list(claim.targets)}" if claim.targets else ""
    is_half = claim.quantifier == "at least half"
    on = f"on {claim.quantifier}{' the' if is_half else ''}{other} target{'s' if is_half else ''}{targets}"
    return f"{_pattern(claim.left)} {relation} {_pattern(claim.right)}{margin} {on}"


def _pattern(pattern: ArmPattern) -> str:
    return f"{pattern.arm}{_from(pattern.source)}{'' if pattern.level is None else f' at {_level(pattern.level)}'}"


def _from(source: str | None) -> str:
    return "" if source is None else f" from {' + '.join(source.split('+'))}"


def _number(number: PublishedNumber) -> Said:
    word, _, rest = _pattern(number.arm).partition(" ")
    said = f"{rest} " if rest else ""
    if isinstance(number, PublishedLevel):
        return Said(word, f"{said}matches dense on {number.target} up to {_level(number.level)}")
    side = "" if number.below_dense is None else f" {'below' if number.below_dense else 'above'} dense"
    sd = "" if number.sd is None else f" sd {number_text(number.sd)}"
    return Said(word, f"{said}on {number.target} {number_text(number.points)}{side}{sd}")


def _is_in(study: Study, number: PublishedNumber) -> bool:
    """Whether a study has everything that a published number speaks of."""
    arms = {*(ticket.name for ticket in study.tickets), *(arm.name for arm in study.baselines)}
    sources = {*study.tasks, "target", "none"}
    named = number.arm.source.split("+") if number.arm.source else ()
    return number.arm.arm in arms and number.target in study.tasks and sources.issuperset(named)


def duration_text(duration: Duration) -> str:
    """Exactly, as people write it: 3 epochs, 1 step, 5% of training."""
    if duration.unit == "training":
        return f"{_percent(duration.amount)} of training"
    number = number_text(duration.amount)
    return f"{number} {duration.unit.removesuffix('s') if number == '1' else duration.unit}"


def _percent(fraction: Fraction) -> str | None:
    """Exactly; None: that takes more digits than anybody would read."""
    text = _decimal(fraction * 100)
    return None if text is None else f"{text:f}%"


def number_text(value: Fraction) -> str:
    """Exactly, as people write it: 32, 0.5, 2e-5."""
    number = _decimal(value, LONGEST_WRITTEN)
    if number is None:
        raise ValueError(f"{value} is no decimal fraction")
    is_extreme = number and not Decimal("0.001") <= abs(number) < 10**6
    has_few_digits = len(number.as_tuple().digits) <= LONGEST
    return f"{number:E}".lower().replace("e+", "e") if is_extreme and has_few_digits else f"{number:f}"


def _decimal(value: Fraction, longest: int = LONGEST) -> Decimal | None:
    number = EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(EXACT)
    if Fraction(number) != value or len(number.as_tuple().digits) > longest:
        return None
    return number if number else Decimal(0)


def _column(name: str) -> str:
    return name if WORD.fullmatch(name) and name not in RESERVED else f'"{name}"'


def _list(values: Iterable[Any]) -> str:
    return ", ".join(values)
