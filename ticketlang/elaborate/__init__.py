"""Tree -> study: names resolved, quantities made exact, defaults written out."""

from collections.abc import Sequence

from attrs import frozen

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Source
from ..study import Study
from ..syntax import File
from .arms import arm_of
from .blocks import name_of
from .complaints import Complaints, Enough
from .extending import whole_study, with_settings
from .modules import Loads, Module, Modules
from .studies import study_of
from .tasks import Tasks
from .tickets import look_at_ticket


@frozen(repr=False, eq=False)
class Elaborated:
    """What was understood of a file and of those it uses."""

    study: Study | None  # None: there is no study in the file; parts that were not understood are left out of it
    diagnostics: tuple[Diagnostic, ...]
    sources: Sequence[Source]  # the file and those it uses, in the order of their first use
    left_out: tuple[str, ...]  # tasks that were not understood


def elaborate(tree: File, loads: Loads, settings: Sequence[str] = ()) -> Elaborated:
    """What a file means.

    Args:
        settings: statements that stand in place of the study's own, in the language's words.
    """
    complaints = Complaints()
    modules = Modules(loads, complaints)
    tasks = Tasks(complaints)
    try:
        study = _understand(tree, modules, tasks, complaints, settings)
    except Enough:
        study = None
    left_out = tuple(declaration.name for declaration, task in tasks.known.items() if task is None)
    return Elaborated(study, complaints.all, modules.sources, left_out)


def _understand(
    tree: File, modules: Modules, tasks: Tasks, complaints: Complaints, settings: Sequence[str]
) -> Study | None:
    module = tasks.spec = modules.open(tree)
    for seen in modules.opened.values():
        # What ships is looked at where it is used; its tests have looked at the rest.
        if seen is not None and not seen.is_shipped:
            _look_at_all(seen, tasks, complaints)
    return _study(tree, module, tasks, complaints, settings)


def _look_at_all(module: Module, tasks: Tasks, complaints: Complaints) -> None:
    """Find what is wrong with names that no study uses."""
    for declaration in module.own.values():
        if declaration.word == "arm":
            arm_of(declaration, complaints)
        elif declaration.word == "ticket":
            look_at_ticket(declaration, tasks, complaints)
        else:
            tasks.look_at(declaration)


def _study(tree: File, module: Module, tasks: Tasks, complaints: Complaints, settings: Sequence[str]) -> Study | None:
    heads = module.statements.get("study", ())
    if not heads:
        has_unread = len(tree.statements) > sum(len(all_) for all_ in module.statements.values())
        if not has_unread:
            complaints.add(diagnostics.NoStudy(at=tree.source.end))
        return None
    for other in heads[1:]:
        name, _ = name_of(other, complaints)
        first = (heads[0].at, "the first")
        complaints.add(diagnostics.SecondStudy(at=other.at, name=name or "this", seconds=(first,)))
    head = whole_study(module, complaints)
    if head is None:
        return None
    if settings:
        head, module = with_settings(head, module, settings, complaints)
        tasks.spec = module
        _look_at_all(module, tasks, complaints)
    return study_of(head, module, tasks, complaints)
