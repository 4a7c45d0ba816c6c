"""Tickets: a block stands for the product of its axes, and each point of it is one `Ticket`."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import prod
from typing import Any, TypeVar

from attrs import evolve, frozen

from .. import diagnostics
from ..source import Span
from ..study import HeadPolicy, MaskFile, Recipe, Resets, Task, Ticket, usual_head
from ..syntax import Statement
from ..units import START, Duration, Sparsity
from .blocks import Fields, fields_of, last_part
from .complaints import Complaints, Misread
from .modules import Declaration, Module
from .nearest import nearest
from .phrases import Name, Reader, text_of
from .prunings import take_pruning
from .quantities import Levels, nearest_level, take_levels, take_said_levels
from .recipes import Rate, recipe_fields, take_batch, take_limit, take_optimizer, take_rate, take_training, take_warmup
from .tasks import Tasks

T = TypeVar("T")

Source = tuple[Declaration, ...] | MaskFile  # tasks that a mask is found on together, none, or a mask itself

MOST_TICKETS = 1000

HEADS: tuple[HeadPolicy, ...] = ("fresh", "rewound", "carried", "pretrained")


@frozen(repr=False, eq=False)
class Axis:
    """What a ticket says about one thing: its values, each as text, too."""

    name: str
    values: tuple[tuple[str, Any], ...]


@frozen(repr=False)
class Rewind:
    """The point at which a round sets in, and what goes back to its weights there."""

    point: Duration
    resets: Resets

    def __str__(self) -> str:
        if self.resets == "everything":
            return str(self.point)
        if self.resets == "pruned matrices":
            return f"{self.point} of pruned matrices"
        return "nothing" if self.point == START else f"rates to {self.point}"


@frozen(repr=False, eq=False)
class Elaborated:
    """A ticket block: its tickets, and the tasks they are found on."""

    tickets: tuple[Ticket, ...]
    sources: tuple[Declaration, ...]
    levels: tuple[Sparsity, ...] = ()  # that are looked at, where these were understood, whatever else was not


def tickets_of(
    head: Statement, name: str, extends: str | None, module: Module, tasks: Tasks, complaints: Complaints
) -> Elaborated:
    """All tickets of a block. None, if something in it was not understood; its sources are told all the same."""
    fields = fields_of(head, "ticket", complaints)
    if extends is not None:
        inherited = _inherited(extends, last_part(head), module, None, (), complaints)
        if inherited is None:
            return Elaborated((), ())
        fields = fields.with_base(inherited)
    is_incomplete = fields.complain_of_missing()
    sources = _sources(fields, module, tasks)
    paths = _paths(fields)
    axes = _axes(fields)
    read_axes = [axis for axis in axes if axis is not None]
    levels = tuple(dict.fromkeys(level for _, looked_at in paths or () for level in looked_at))
    declarations = tuple(dict.fromkeys(task for source in sources or () for task in _tasks_of(source)))
    if is_incomplete or sources is None or paths is None or len(read_axes) < len(axes):
        return Elaborated((), declarations, levels)
    count = len(sources) * len(paths) * prod(len(axis.values) or 1 for axis in read_axes)
    if count > MOST_TICKETS:
        complaints.add(diagnostics.TooManyTickets(at=head.at, count=count, limit=MOST_TICKETS))
        return Elaborated((), declarations, levels)
    points = tuple(_points(read_axes))
    known = {task.name: found for task in declarations if (found := tasks.task(task)) is not None}
    tickets = (
        _ticket(name, source, path, looked_at, point, known, head, fields)
        for source in sources
        for path, looked_at in paths
        for point in points
    )
    return Elaborated(tuple(ticket for ticket in tickets if ticket is not None), declarations, levels)


def look_at_ticket(declaration: Declaration, tasks: Tasks, complaints: Complaints) -> None:
    """Complain about what is wrong with a ticket that others extend, whether one does or not."""
    fields = fields_of(declaration.statement, "ticket", complaints)
    if declaration.extends is not None:
        at = last_part(declaration.statement)
        _inherited(declaration.extends, at, declaration.module, declaration, (), complaints)
    _sources(fields, declaration.module, tasks)
    _paths(fields)
    _axes(fields)


def _inherited(
    name: str,
    at: Span,
    module: Module,
    besides: Declaration | None,
    above: tuple[Declaration, ...],
    complaints: Complaints,
) -> Fields | None:
    """The fields of the ticket of a file, over those of the one that it extends. None: it is not there."""
    found = module.find("ticket", name, besides=besides)
    if found is None:
        guess = nearest(name, module.names("ticket"))
        if not module.may_lack(name, guess):
            complaints.add(diagnostics.UnknownBaseTicket(at=at, name=name, nearest=guess))
        return None
    if found in above or found is besides:
        complaints.add(diagnostics.ExtendsItself(at=at, name=name))
        return None
    own = fields_of(found.statement, "ticket", complaints)
    if found.extends is None:
        return own
    here = last_part(found.statement)
    base = _inherited(found.extends, here, found.module, found, (*above, found), complaints)
    return own.with_base(base) if base else None


# Axes


def _axes(fields: Fields) -> list[Axis | None]:
    """What each field but the source and the levels says."""
    return [
        _axis(fields, "prune", take_pruning, str),
        _axis(fields, "rewind", _take_rewind, str),
        _axis(
            fields, "schedule", _take_schedule, lambda rounds: "each round" if rounds == 1 else f"over {rounds} rounds"
        ),
        _axis(fields, "first", lambda phrase: phrase.take_one_of("train", "prune"), str),
        _axis(fields, "limit", take_limit, lambda limit: f"{limit} examples"),
        _axis(fields, "train", take_training, str),
        _axis(fields, "batch", take_batch, lambda batch: f"{batch} examples"),
        _axis(fields, "rate", take_rate, lambda rate: f"{float(rate.peak):g} {rate.schedule}"),
        _axis(fields, "warmup", take_warmup, str),
        _axis(fields, "optimizer", take_optimizer, _optimizer_text),
        *_head_axes(fields),
    ]


def _axis(fields: Fields, word: str, reader: Callable[[Reader], T], text: Callable[[T], str]) -> Axis | None:
    """The values of a field; none where it is not there. None: one was not understood."""
    if word not in fields:
        return Axis(word, ())
    values = fields.read_items(word, reader)
    return None if values is None else Axis(word, tuple((text(value), value) for value in values))


def _head_axes(fields: Fields) -> Iterator[Axis | None]:
    """`head rewound in search`, `head fresh, rewound in transfer`: one axis for each training."""
    found: dict[str, Axis | None] = {}
    for statement in fields.all("head"):
        read = fields.read_statement(statement, _take_heads)
        if read is None:
            yield None
            continue
        where, policies = read
        if where in found:
            fields.complaints.add(diagnostics.RepeatedField(at=statement.word.at, name=f"head ... in {where}"))
        found[where] = Axis(f"{where}_head", tuple((policy, policy) for policy in policies))
    yield from found.values()


def _take_heads(phrase: Reader) -> tuple[str, tuple[HeadPolicy, ...]]:
    start = phrase.here
    policies: list[HeadPolicy] = []
    while not policies or phrase.takes_comma():
        said = phrase.take_one_of(*HEADS)
        policies += [policy for policy in HEADS if policy == said]
    if not phrase.takes("in"):
        raise Misread(diagnostics.HeadWhere(at=start, policy=policies[0]))
    return phrase.take_one_of("search", "transfer"), tuple(dict.fromkeys(policies))


def _points(axes: list[Axis]) -> Iterator[tuple[dict[str, Any], tuple[tuple[str, str], ...]]]:
    """Every choice of one value per axis, with the text of those that are a choice at all."""
    said = [axis for axis in axes if axis.values]
    for choice in product(*(axis.values for axis in said)):
        values = {axis.name: value for axis, (_, value) in zip(said, choice, strict=True)}
        variant = tuple((axis.name, text) for axis, (text, _) in zip(said, choice, strict=True) if len(axis.values) > 1)
        yield values, variant


# What an axis says


def _sources(fields: Fields, module: Module, tasks: Tasks) -> tuple[Source, ...] | None:
    """Each a task, several joined by `+`, () for none, or a file; a group stands for its tasks one by one."""
    read = fields.read_items("source", lambda phrase: _take_source(phrase, module, tasks))
    if read is None:
        return None
    sources = tuple(dict.fromkeys(source for sources in read for source in sources))
    given = next((source for source in sources if isinstance(source, MaskFile)), None)
    if given is not None and len(sources) > 1:
        what = "is a ticket of its own, and stands in no list of sources"
        fields.complaints.add(diagnostics.MaskFromFile(at=given.at, what=what))
        return None
    return sources


def _tasks_of(source: Source) -> tuple[Declaration, ...]:
    return () if isinstance(source, MaskFile) else source


def _take_source(phrase: Reader, module: Module, tasks: Tasks) -> tuple[Source, ...]:
    if phrase.takes("none"):
        return ((),)
    if phrase.takes("file"):
        return (_take_mask_file(phrase),)
    terms = phrase.take_terms("the name of a task")
    if len(terms) == 1:
        phrase.index -= 1
        name = phrase.take_name("the name of a task")
        return tuple((task,) for task in tasks.named(name, module))
    joined: list[Declaration] = []
    for term in terms:
        if term.text == "none":
            raise Misread(diagnostics.NoneIsAlone(at=term.at))
        found = tasks.find(Name(term.text, term.at), module)
        if found.word == "group":
            raise Misread(diagnostics.GroupInSum(at=term.at, name=term.text))
        if found in joined:
            raise Misread(diagnostics.NamedTwiceInList(at=term.at, name=term.text))
        joined.append(found)
    return (tuple(joined),)


def _take_mask_file(phrase: Reader) -> MaskFile:
    """`"mask.pt" missing dense`, the word before it taken."""
    path = phrase.take_string("the path of a mask in quotes")
    if not phrase.takes("missing"):
        return MaskFile(name=path.text, missing="nothing", at=path.at)
    if phrase.takes("by", "magnitude"):
        return MaskFile(name=path.text, missing="by magnitude", at=path.at)
    if not phrase.takes("dense"):
        raise phrase.misread("`dense` or `by magnitude`")
    return MaskFile(name=path.text, missing="dense", at=path.at)


def _take_rewind(phrase: Reader) -> Rewind:
    """`5% of training`, `0 steps of pruned matrices`, `nothing`, `rates to 2 epochs`."""
    if phrase.takes("nothing"):
        return Rewind(START, "nothing")
    if phrase.takes("rates"):
        return Rewind(phrase.take_point() if phrase.takes("to") else START, "nothing")
    point = phrase.take_point()
    if not phrase.takes("of") or phrase.takes("everything"):
        return Rewind(point, "everything")
    phrase.take_words("pruned", "matrices")
    return Rewind(point, "pruned matrices")


def _take_schedule(phrase: Reader) -> int:
    """`each round`, or `over 10 rounds`: over how many the rate falls."""
    if phrase.takes("each", "round"):
        return 1
    if not phrase.takes("over"):
        raise phrase.misread("`each round` or `over`")
    return phrase.take_count("rounds")


def _optimizer_text(optimizer: Any) -> str:
    clip = "none" if optimizer.clip is None else f"{float(optimizer.clip):g}"
    return f"{optimizer.method} epsilon {float(optimizer.epsilon):g} decay {float(optimizer.decay):g} clip {clip}"


# Levels


def _paths(fields: Fields) -> tuple[tuple[tuple[Sparsity, ...], tuple[Sparsity, ...]], ...] | None:
    """The path and the levels of each ticket: one for the block, or one for each level where each is one shot."""
    if "sparsity" not in fields:
        return None
    if "rounds" not in fields:
        levels = fields.read("sparsity", take_said_levels)
        return None if levels is None else ((levels.all, levels.all),)
    rounds = fields.read("rounds", _take_rounds)
    levels = fields.read("sparsity", take_said_levels if rounds == 1 else take_levels)
    if rounds is None or levels is None:
        return None
    if isinstance(rounds, int):
        return tuple(((level,), (level,)) for level in levels.all)
    return ((rounds.all, tuple(nearest_level(level, rounds.all) for level in levels.all)),)


def _take_rounds(phrase: Reader) -> Levels | int:
    from ..syntax import Number

    if isinstance(phrase.next, Number):
        if phrase.here.text != "1":
            raise phrase.misread("`1`, or the levels to go through")
        phrase.index += 1
        return 1
    return take_said_levels(phrase)


# One ticket


def _ticket(
    name: str,
    source: Source,
    path: tuple[Sparsity, ...],
    levels: tuple[Sparsity, ...],
    point: tuple[Mapping[str, Any], tuple[tuple[str, str], ...]],
    known: Mapping[str, Task],
    head: Statement,
    fields: Fields,
) -> Ticket | None:
    values, variant = point
    searched_on = _tasks_of(source)
    if any(task.name not in known for task in searched_on):
        return None
    rewind: Rewind = values.get("rewind", Rewind(START, "everything"))
    others = {key: values[key] for key in ("first", "transfer_head", "limit") if key in values}
    return Ticket(
        name=name,
        source=tuple(task.name for task in searched_on),
        given=source if isinstance(source, MaskFile) else None,
        pruning=values["prune"],
        path=path,
        levels=levels,
        rewind=rewind.point,
        resets=rewind.resets,
        search_head=values.get("search_head", usual_head(rewind.resets)),
        recipe=_recipe(known[searched_on[0].name].recipe, values) if searched_on else None,
        variant=variant,
        at=head.at,
        places=_places(fields),
        **others,
    )


def _recipe(recipe: Recipe, values: Mapping[str, Any]) -> Recipe | None:
    """The task's recipe with what the ticket says instead; None where it says nothing else."""
    rate: Rate | None = values.get("rate")
    said = {key: values[key] for key in ("train", "batch", "warmup", "optimizer") if key in values}
    said |= recipe_fields(rate) | ({"rounds": values["schedule"]} if "schedule" in values else {})
    ours = evolve(recipe, **said)
    return None if ours == recipe else ours


def _places(fields: Fields) -> dict[str, Span]:
    """Where each field was written, each level of `sparsity`, and the block itself."""
    places = {word: all_[0].phrase.at for word, all_ in fields.statements.items() if all_[0].phrase}
    if fields.head.block is not None:
        places["block"] = fields.head.block.at
    for statement in fields.all("head"):
        if statement.phrase is not None:
            where = statement.phrase.at.text.split()[-1]
            places.setdefault(f"{where}_head", statement.phrase.at)
    for statement in fields.all("sparsity"):
        for item in statement.items:
            places.setdefault(f"sparsity {text_of(item.parts[:1])}", item.at)
    return places
