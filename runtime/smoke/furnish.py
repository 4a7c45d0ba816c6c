"""A folder with everything that a small study reads: the model, a handful of rows of every task, and mask files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve, frozen

from ticketlang.diagnostics import Diagnostic
from ticketlang.study import Data, Model, Study, Task, Ticket

from ..facts import Root, model_complaints
from ..models import trunk
from ..models.description import describe_model
from ..pins import Pins, lock_file_of, read_pins
from ..tasks.bad_data import BadData
from .at_hand import Absent, data_at_hand, model_at_hand
from .masks import write_mask_for
from .model import write_like, write_stand_in
from .rows import Handful, made_up_rows, own_rows, write_rows

SMALL = 4 << 20  # bytes of weights: a model of so few is run as it is
MODEL = "model"


@frozen
class StandIn:
    """What was made up, and why."""

    what: str
    reason: str


@frozen(kw_only=True)
class Furnished:
    """What stands in a folder for a study, and what was wrong with what the study names."""

    model: Model
    data: Mapping[str, Data]  # by task
    classes: Mapping[str, int | None]  # by task
    own: frozenset[str]  # tasks whose rows are their own
    masks: Mapping[Ticket, str]  # files of tickets that start from one
    stand_ins: tuple[StandIn, ...]
    problems: tuple[Diagnostic, ...]


def furnish(study: Study, spec: Path, data: Path | None, folder: Path, rows: int) -> Furnished:
    """Read what the study names as far as it is at hand, offline, and put the small of it into a folder.

    Args:
        data: where data and model folders lie; None: beside the spec.
        rows: of a split, at most.

    Raises:
        LockFileError: the lock file beside the spec is damaged.
    """
    root = Root(folder=data or spec.parent, is_confined=data is not None)
    pins = read_pins(lock_file_of(spec))
    stand_ins: list[StandIn] = []
    problems: list[Diagnostic] = []
    handfuls: dict[str, Handful] = {}
    own: set[str] = set()
    for task in study.tasks.values():
        found = _own(task, root, pins, rows)
        match found:
            case Handful():
                own.add(task.name)
                handfuls[task.name] = found
                continue
            case Absent():
                stand_ins.append(StandIn(f"task {task.name}", found.reason))
            case Diagnostic():
                problems.append(found)
                stand_ins.append(StandIn(f"task {task.name}", found.message))
        handfuls[task.name] = made_up_rows(task, rows)
    model = _model(study, root, pins, folder, handfuls, stand_ins, problems)
    patterns = {name: f"data/{name}/{{split}}.jsonl" for name in handfuls}
    for name, handful in handfuls.items():
        write_rows(handful, patterns[name], folder)
    return Furnished(
        model=model,
        data={
            name: Data(origin="files", name=pattern, at=study.tasks[name].data.at) for name, pattern in patterns.items()
        },
        classes={name: handful.classes for name, handful in handfuls.items()},
        own=frozenset(own),
        masks=_masks(study, model, folder, stand_ins),
        stand_ins=tuple(stand_ins),
        problems=tuple(problems),
    )


def _own(task: Task, root: Root, pins: Pins, rows: int) -> Handful | Absent | Diagnostic:
    place = data_at_hand(task, root, pins)
    if isinstance(place, Absent | Diagnostic):
        return place
    try:
        return own_rows(task, place, rows)
    except BadData as problem:
        return problem.diagnostic


def _model(
    study: Study,
    root: Root,
    pins: Pins,
    folder: Path,
    handfuls: Mapping[str, Handful],
    stand_ins: list[StandIn],
    problems: list[Diagnostic],
) -> Model:
    """The study's own model where it is small; else one of two layers."""
    own = model_at_hand(study.model, root, pins)
    if isinstance(own, Path):
        complaints = tuple(model_complaints(study, own))
        problems.extend(complaints)
        if not complaints and _size(own) <= SMALL:
            return evolve(study.model, origin="folder", name=str(own.resolve()), path="", revision=None)
        if not complaints:
            write_like(own, folder / MODEL)
            family = describe_model(own).model_type
            stand_ins.append(StandIn("model", f"two layers of 32, random weights, in the family of its own ({family})"))
            return _made(study.model)
        reason = complaints[0].message
    elif isinstance(own, Absent):
        reason = own.reason
    else:
        problems.append(own)
        reason = own.message
    longest = max(task.length for task in study.tasks.values())
    write_stand_in(_texts(handfuls.values()), longest, folder / MODEL)
    stand_ins.append(StandIn("model", f"a BERT of two layers of 32, random weights: {reason}"))
    return _made(study.model)


def _made(model: Model) -> Model:
    return evolve(model, origin="folder", name=MODEL, path="", revision=None)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for pattern in ("*.safetensors", "*.bin") for file in folder.glob(pattern))


def _texts(handfuls: Iterable[Handful]) -> Iterable[str]:
    for handful in handfuls:
        for rows in handful.rows.values():
            for row in rows:
                yield from (value for value in row.values() if isinstance(value, str))


def _masks(study: Study, model: Model, folder: Path, stand_ins: list[StandIn]) -> dict[Ticket, str]:
    given = [ticket for ticket in study.tickets if ticket.given is not None]
    if not given:
        return {}
    network = trunk.load(folder / model.name)
    names = {}
    for number, ticket in enumerate(given, start=1):
        names[ticket] = f"masks/{number}.safetensors"
        write_mask_for(ticket, network, folder / names[ticket])
        stand_ins.append(StandIn(f"mask of {ticket.label}", "drawn at random for the small network"))
    return names
