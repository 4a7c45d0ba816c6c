"""A study: everything in its block, with names resolved and defaults written out."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from attrs import define, evolve, field

from .. import diagnostics
from ..source import Span
from ..study import Arm, Claim, Model, Seeds, Study, Task, Ticket, Transfer
from ..syntax import Statement
from ..units import Sparsity
from ..vocabulary.fields import ROLES, SEEDS, STUDY
from ..vocabulary.sections import SECTIONS
from .arms import arm_of
from .blocks import Fields, fields_of, name_of
from .claims import claim_of
from .complaints import Complaints, Misread
from .matching import take_match
from .modules import Declaration, Module
from .nearest import nearest
from .patterns import Names
from .phrases import Name, Reader
from .published import publications_of
from .quantities import MOST_SEEDS, nearest_level, take_levels, take_seeds
from .tasks import Tasks
from .tickets import tickets_of


@define(eq=False, repr=False)
class Parts:
    """What has been understood of a study so far."""

    module: Module
    tasks: Tasks
    fields: Fields
    complaints: Complaints
    tickets: list[Ticket] = field(factory=list)
    blocks: dict[str, Span] = field(factory=dict)  # ticket blocks by name, and where each was named
    known_levels: dict[str, tuple[Sparsity, ...]] = field(factory=dict)  # of blocks, whatever else is wrong with them
    has_nameless: bool = False  # a ticket whose name was not understood: it may be any that is spoken of
    used: dict[Declaration, None] = field(factory=dict)  # tasks, in the order of their first use

    def levels(self, block: str) -> tuple[Sparsity, ...]:
        return self.known_levels.get(block, ())


def study_of(head: Statement, module: Module, tasks: Tasks, complaints: Complaints) -> Study:
    """The study as far as it was understood; what is missing has been complained about."""
    name, _ = name_of(head, complaints)
    fields = fields_of(head, "study", complaints)
    fields.complain_of_missing()
    parts = Parts(module, tasks, fields, complaints)
    for statement in fields.all("ticket"):
        _add_tickets(parts, statement)
    baselines = _baselines(parts)
    transfers = tuple(_transfers(parts))
    levels = {name: parts.levels(name) for name in parts.blocks}
    names = Names(levels, baselines, parts.module, parts.tasks, has_nameless=parts.has_nameless)
    claims = tuple(_claims(parts, names))
    published = tuple(publications_of(fields.all("published"), names, complaints))
    question = fields.read("question", lambda phrase: phrase.take_string("a question in quotes").text)
    precision = fields.read("precision", lambda phrase: phrase.take_one_of("fp32", "bf16"))
    return Study(
        name=name or "",
        question=question,
        precision="bf16" if precision == "bf16" else "fp32",
        model=fields.read("model", _take_model) or Model(origin="folder", name="", at=head.at),
        seeds=_seeds(parts),
        tasks=_used_tasks(parts),
        tickets=tuple(parts.tickets),
        levels=parts.known_levels,
        baselines=tuple(arm for arm in baselines.values() if arm is not None),
        transfers=transfers,
        match=fields.read("match", take_match),
        claims=claims,
        published=published,
        report=fields.read_items("report", _take_section) or (),
        at=head.at,
    )


def _used_tasks(parts: Parts) -> dict[str, Task]:
    tasks = (parts.tasks.task(declaration) for declaration in parts.used)
    return {task.name: task for task in tasks if task is not None}


def _take_model(phrase: Reader) -> Model:
    start = phrase.here
    origin = phrase.take_one_of("hub", "folder", "package", "micro")
    if origin == "micro":
        return Model(origin="micro", name="micro", at=start)
    if origin == "package":
        package = phrase.take_column("the import name of a package")
        path = phrase.take_string("a path in quotes, inside the package")
        return Model(origin="package", name=package.text, path=path.text, at=start.to(path.at))
    name = phrase.take_string(f"the {'name of a model' if origin == 'hub' else 'path'} in quotes")
    if origin == "folder":
        return Model(origin="folder", name=name.text, at=start.to(name.at))
    if not phrase.takes("revision"):
        return Model(origin="hub", name=name.text, at=start.to(name.at))
    revision = phrase.take_string("a revision in quotes")
    return Model(origin="hub", name=name.text, revision=revision.text, at=start.to(revision.at))


# Seeds


def _seeds(parts: Parts) -> tuple[Seeds, ...]:
    for statement in parts.fields.all("seeds"):
        if statement.block is not None:
            return _seeds_by_role(parts, statement)
        return tuple(map(Seeds.tied, parts.fields.read("seeds", take_seeds) or ()))
    return ()


def _seeds_by_role(parts: Parts, head: Statement) -> tuple[Seeds, ...]:
    """The product of what is said of each role; a role that is not said stays at 1, and `masking` goes by the order."""
    if head.items:
        parts.complaints.attempt(lambda: _refuse(Reader.of(head, STUDY["seeds"]), "a list or a block, not both"))
    fields = fields_of(head, "seeds", parts.complaints)
    if not SEEDS.keys() & fields.statements.keys() and not fields.forgiven:
        parts.complaints.add(
            diagnostics.MissingField(
                at=head.at, fields=tuple(SEEDS), block="this block", example=SEEDS["search"].example
            )
        )
    said: list[tuple[int | None, ...]] = [
        fields.read(role, take_seeds) or ((None,) if role == "masking" else (1,)) for role in ROLES
    ]
    if _count(said) > MOST_SEEDS:
        parts.complaints.add(diagnostics.TooManySeeds(at=head.at, limit=MOST_SEEDS))
        return ()
    runs: Iterable[dict[str, Any]] = (dict(zip(ROLES, choice, strict=True)) for choice in product(*said))
    return tuple(Seeds(**run) for run in runs)


def _refuse(phrase: Reader, expected: str) -> None:
    raise phrase.misread(expected)


def _count(lists: Iterable[tuple[int | None, ...]]) -> int:
    count = 1
    for values in lists:
        count *= len(values)
    return count


# Tickets, baselines, transfers


def _add_tickets(parts: Parts, statement: Statement) -> None:
    name, extends = name_of(statement, parts.complaints)
    at = statement.items[0].parts[0].at if statement.items else statement.at
    if name is not None and name in parts.blocks:
        first = (parts.blocks[name], "first named here")
        parts.complaints.add(diagnostics.NameTaken(at=at, name=name, seconds=(first,)))
    elif name is not None:
        parts.blocks[name] = at
    else:
        parts.has_nameless = True
    if statement.block is None:
        return
    found = tickets_of(statement, name or "", extends, parts.module, parts.tasks, parts.complaints)
    for declaration in found.sources:
        parts.used.setdefault(declaration)
        parts.tasks.task(declaration)
    if name is not None and parts.blocks.get(name) is at:
        parts.tickets.extend(found.tickets)
        parts.known_levels[name] = found.levels


def _baselines(parts: Parts) -> dict[str, Arm | None]:
    """Arms by name; None for one whose declaration was not understood."""
    baselines: dict[str, Arm | None] = {}

    def take(phrase: Reader) -> str:
        name = phrase.take_name("the name of an arm")
        if name.text in parts.blocks:
            first = (parts.blocks[name.text], "a ticket of this name")
            raise Misread(diagnostics.NameTaken(at=name.at, name=name.text, seconds=(first,)))
        declaration = parts.module.find("arm", name.text)
        if declaration is None:
            baselines[name.text] = None
            guess = nearest(name.text, parts.module.names("arm"))
            if parts.module.may_lack(name.text, guess):
                raise Misread
            raise Misread(diagnostics.UnknownArm(at=name.at, name=name.text, nearest=guess))
        arm = arm_of(declaration, parts.complaints)
        baselines[name.text] = arm and evolve(arm, at=name.at)
        return name.text

    parts.fields.read_items("baselines", take)
    return baselines


def _transfers(parts: Parts) -> Iterable[Transfer]:
    for statement in parts.fields.all("transfer"):
        transfer = parts.fields.read_statement(statement, lambda phrase: _take_transfer(phrase, parts))
        if transfer is not None:
            yield transfer


def _take_transfer(phrase: Reader, parts: Parts) -> Transfer:
    """`imp at 50%, 70% to glue, squad`. Without `at`: at every level."""
    start = phrase.here
    ticket = phrase.take_name("the name of a ticket")
    if ticket.text not in parts.blocks and not parts.has_nameless:
        guess = nearest(ticket.text, parts.blocks)
        parts.complaints.add(diagnostics.UnknownTicket(at=ticket.at, name=ticket.text, nearest=guess))
    known = parts.levels(ticket.text)
    places: dict[str, Span] = {}
    levels = known
    if phrase.takes("at"):
        said = take_levels(phrase)
        levels = tuple(nearest_level(level, known) for level in said.all)
        places = {f"at {level}": at for level, at in zip(levels, said.places, strict=True)}
    phrase.take_words("to")
    targets = tuple(dict.fromkeys(_take_targets(phrase, parts)))
    for declaration in targets:
        parts.used.setdefault(declaration)
        parts.tasks.task(declaration)
    names = tuple(dict.fromkeys(declaration.name for declaration in targets))
    return Transfer(ticket=ticket.text, levels=levels, targets=names, at=start, places=places)


def _take_targets(phrase: Reader, parts: Parts) -> Iterator[Declaration]:
    yield from _named(phrase, parts)
    while phrase.takes_comma():
        yield from _named(phrase, parts)


def _named(phrase: Reader, parts: Parts) -> tuple[Declaration, ...]:
    """The tasks of a name. An unknown one does not keep the others from being looked at."""
    name = phrase.take_name("the name of a task")
    found = parts.complaints.attempt(lambda: parts.tasks.named(Name(name.text, name.at), parts.module))
    return found or ()


# Claims, report


def _claims(parts: Parts, names: Names) -> Iterable[Claim]:
    places: dict[str, Span] = {}
    for statement in parts.fields.all("claim"):
        if statement.block is None:
            continue  # that it needs one has been said, and its sentence stands where a name belongs
        name, _ = name_of(statement, parts.complaints)
        if name is not None and name in places:
            first = (places[name], "first named here")
            at = statement.items[0].at
            parts.complaints.add(diagnostics.NameTaken(at=at, name=name, seconds=(first,)))
        elif name is not None:
            places[name] = statement.items[0].at
        claim = claim_of(statement, name or "", names, parts.complaints)
        if claim is not None:
            yield claim


def _take_section(phrase: Reader) -> str:
    return phrase.take_row(SECTIONS, lambda: diagnostics.UnknownSection, "the name of a section").name
