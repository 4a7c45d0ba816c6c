"""What a valid study asks for that `run` cannot do yet: rows of the vocabulary still to be implemented."""

from collections.abc import Iterator

from .diagnostics import NotImplementedYet
from .study import Study, Task
from .vocabulary.metrics import METRICS
from .vocabulary.prunings import PRUNINGS
from .vocabulary.scopes import SCOPES
from .vocabulary.sections import SECTIONS
from .vocabulary.tasks import TASK_KINDS


def what_cannot_run_yet(study: Study) -> Iterator[NotImplementedYet]:
    """One complaint for each thing, where it is first asked for."""
    for task in study.tasks.values():
        yield from _of_task(task)
    asked: set[str] = set()
    for ticket in study.tickets:
        for what, runs in (
            (f"pruning by {ticket.pruning.method}", PRUNINGS[ticket.pruning.method].runs),
            *((f"the scope {part}", SCOPES[part].runs) for part in ticket.pruning.scope),
        ):
            if not runs and what not in asked:
                asked.add(what)
                yield NotImplementedYet(at=ticket.at, what=what)
    for section in study.report:
        if not SECTIONS[section].runs:
            yield NotImplementedYet(at=study.at, what=f"the report section {section}")


def _of_task(task: Task) -> Iterator[NotImplementedYet]:
    if not TASK_KINDS[task.kind].runs:
        yield NotImplementedYet(at=task.at, what=f"the kind `{task.kind}` of the task `{task.name}`")
        return
    for metric in task.metrics:
        if not METRICS[metric].runs:
            yield NotImplementedYet(at=task.places.get("metric", task.at), what=f"the metric {metric}")
