"""What names there are: those that files give, and those of the language."""

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from .elaborate.complaints import Complaints
from .elaborate.modules import Declaration, Modules
from .elaborate.tasks import Tasks
from .library import FromDisk, read_source
from .parse import parse
from .vocabulary.metrics import METRICS
from .vocabulary.prunings import PRUNINGS
from .vocabulary.scopes import SCOPES
from .vocabulary.sections import SECTIONS
from .vocabulary.tasks import TASK_KINDS


@frozen(repr=False)
class Named:
    """A name that a file gives."""

    name: str
    says: str  # what it stands for, in a line
    origin: str  # the file that has it; empty: the one that was asked


@frozen(repr=False)
class Word:
    """A name of the language."""

    means: str
    example: str = ""  # of a statement that has it; empty: the name says it


def words(what: str) -> Mapping[str, Word]:
    """Names of the language, and what each means."""
    rows: dict[str, Mapping[str, Word]] = {
        "kinds": {
            kind.name: Word(
                f"{kind.texts} text{'s' * (kind.texts > 1)}, scored by {', '.join(kind.metrics)}", kind.example
            )
            for kind in TASK_KINDS.values()
        },
        "metrics": {metric.name: Word(metric.means, metric.example) for metric in METRICS.values()},
        "prunings": {method.name: Word(method.means, method.example) for method in PRUNINGS.values()},
        "scopes": {scope.name: Word(scope.means) for scope in SCOPES.values()},
        "sections": {section.name: Word(section.means) for section in SECTIONS.values()},
    }
    return rows[what]


def in_sight(file: Path | str, what: str) -> tuple[Named, ...] | str:
    """Names of tasks, groups, arms or tickets in a file and in those that it uses; or why it cannot be read.

    Args:
        file: a path, or the name of a file that ships.
        what: the word that gives them, such as `task`.
    """
    loads = FromDisk()
    source = read_source(file) if isinstance(file, Path) else loads.shipped(file) or "there is no such file"
    if isinstance(source, str):
        return source
    tree, malformed = parse(source)
    if tree is None:
        return malformed[0].message
    complaints = Complaints()
    module = Modules(loads, complaints).open(tree)
    tasks = Tasks(complaints, module)
    found = (d for d in {**module.used, **module.own}.values() if d.word == what)
    return tuple(_named(declaration, tasks, source.name) for declaration in found)


def _named(declaration: Declaration, tasks: Tasks, asked: str) -> Named:
    home = declaration.module.source.name
    says = (
        " ".join(declaration.statement.at.text.split()).removeprefix(f"{declaration.word} {declaration.name}").strip()
    )
    if declaration.word == "task" and (task := tasks.task(declaration)) is not None:
        config = f" {task.data.config}" if task.data.config else ""
        says = f"{task.kind}, {', '.join(task.metrics)}; {task.data.origin} {task.data.name}{config}"
    elif declaration.word in {"arm", "ticket"} and declaration.statement.block is not None:
        inside = (" ".join(statement.at.text.split()) for statement in declaration.statement.block.statements)
        says = "; ".join((*([says] if says else []), *inside))
    return Named(declaration.name, says.removeprefix("= "), "" if home == asked else home.strip("<>"))
