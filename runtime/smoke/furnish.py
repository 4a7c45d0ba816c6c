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
from ..tasks.bad_data import BadData, place_of
from .at_hand import Absent, data_at_hand, model_at_hand
from .findings import Finding, Findings
from .masks import write_mask_for
from .model import write_like, write_stand_in
from .own_weights import look_at_weights
from .rows import Handful, made_up_rows, own_rows, write_rows

SMALL = 4 << 20  # bytes of weights: a model of so few is run as it is
MODEL = "model"


@frozen(kw_only=True)
class Furnished:
    """What stands in a folder for a study, and what was found out on the way."""

    model: Model
    data: Mapping[str, Data]  # by task
    classes: Mapping[str, int | None]  # by task
    examples: Mapping[str, int]  # of training, by task: of those whose rows are their own
    own: frozenset[str]  # tasks whose rows are their own
    masks: Mapping[Ticket, str]  # files of tickets that start from one
    findings: Findings


@frozen
class _Surroundings:
    """Where a study lies."""

    root: Root
    pins: Pins
    folder: Path  # that is furnished


def furnish(study: Study, spec: Path, data: Path | None, folder: Path, rows: int) -> Furnished:
    """Read what the study names as far as it is at hand, offline, and put the small of it into a folder.

    Args:
        data: where data and model folders lie; None: beside the spec.
        rows: of a split, at most.

    Raises:
        LockFileError: the lock file beside the spec is damaged.
    """
    root = Root(folder=data or spec.parent, is_confined=data is not None)
    around = _Surroundings(root, read_pins(lock_file_of(spec)), folder)
    findings = Findings(reads={"model": "its own"})
    own = {task.name: found for task in study.tasks.values() if (found := _own(task, around, rows, findings))}
    handfuls = {task.name: own.get(task.name) or made_up_rows(task, rows) for task in study.tasks.values()}
    model = _model(study, around, handfuls.values(), findings)
    patterns = {name: f"data/{name}/{{split}}.jsonl" for name in handfuls}
    for name, handful in handfuls.items():
        write_rows(handful, patterns[name], folder)
    return Furnished(
        model=model,
        data={n: Data(origin="files", name=patterns[n], at=task.data.at) for n, task in study.tasks.items()},
        classes={name: handful.classes for name, handful in handfuls.items()},
        examples={name: handful.examples for name, handful in own.items() if handful.examples is not None},
        own=frozenset(own),
        masks=_masks(study, model, folder, findings),
        findings=findings,
    )


def _own(task: Task, around: _Surroundings, rows: int, findings: Findings) -> Handful | None:
    """Rows of the task's own examples. None: they are not at hand, or wrong."""
    what = f"task {task.name}"
    place = data_at_hand(task, around.root, around.pins)
    if isinstance(place, Absent):
        findings.stands_in(what, place.reason)
        return None
    try:
        if isinstance(place, Diagnostic):
            raise BadData(place)
        found = own_rows(task, place, rows)
    except BadData as problem:
        findings.is_wrong(what, problem.diagnostic)
        return None
    findings.reads[what] = found.said
    if found.only_label is not None:
        sentence = f"every label of {task.scored_on} is {found.only_label}: no metric tells one network from another"
        findings.faults.append(Finding(place_of(task, "label"), what, sentence))
    return found


def _model(study: Study, around: _Surroundings, handfuls: Iterable[Handful], findings: Findings) -> Model:
    """The study's own model where it is small; else one of two layers."""
    own = model_at_hand(study.model, around.root, around.pins)
    made = evolve(study.model, origin="folder", name=MODEL, path="", revision=None)
    problems: tuple[Diagnostic, ...] = ()
    if isinstance(own, Path):
        problems = tuple(model_complaints(study, own))
        if not problems:
            return _like(study, own, around, findings, made)
    elif isinstance(own, Diagnostic):
        problems = (own,)
    findings.problems.extend(problems)
    reason = own.reason if isinstance(own, Absent) else problems[0].message
    findings.stands_in("model", f"a BERT of two layers of 32, random weights: {reason}")
    longest = max(task.length for task in study.tasks.values())
    write_stand_in(_texts(handfuls), longest, around.folder / MODEL)
    return made


def _like(study: Study, own: Path, around: _Surroundings, findings: Findings, made: Model) -> Model:
    """The model at hand, or one of its family; whichever it is, its own weights are looked at."""
    described = describe_model(own)
    if described.has_weights:
        look_at_weights(study, trunk.load(own), around.root, findings)
    if described.has_weights and _size(own) <= SMALL:
        return evolve(made, name=str(own.resolve()))
    write_like(own, around.folder / MODEL)
    findings.stands_in("model", f"two layers of 32, random weights, else as its own ({described.model_type})")
    return made


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for pattern in ("*.safetensors", "*.bin") for file in folder.glob(pattern))


def _texts(handfuls: Iterable[Handful]) -> Iterable[str]:
    for handful in handfuls:
        for rows in handful.rows.values():
            for row in rows:
                yield from (value for value in row.values() if isinstance(value, str))


def _masks(study: Study, model: Model, folder: Path, findings: Findings) -> dict[Ticket, str]:
    given = [ticket for ticket in study.tickets if ticket.given is not None]
    if not given:
        return {}
    network = trunk.load(folder / model.name)
    names = {}
    for number, ticket in enumerate(given, start=1):
        names[ticket] = f"masks/{number}.safetensors"
        write_mask_for(ticket, network, folder / names[ticket])
        findings.stands_in(f"mask of {ticket.label}", "drawn at random for the small network")
    return names
