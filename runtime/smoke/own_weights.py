"""A look at the study's own pre-trained weights: matrices that its sparsities empty, masks that do not fit."""

from collections.abc import Iterator
from pathlib import Path

from ticketlang.diagnostics import MissingMaskFile
from ticketlang.jobs import GivenMask
from ticketlang.study import MaskFile, Pruning, Study, Ticket
from ticketlang.units import Sparsity
from ticketlang.vocabulary.prunings import PRUNINGS

from ..facts import Root
from ..failures import JobFailed
from ..implementations import pruning_method
from ..jobs.given_mask import fitted
from ..models.checkpoint import State
from ..models.scopes import prunable
from ..models.trunk import Pretrained
from ..pruning.budget import Ground, remove
from ..pruning.material import Material
from .findings import Finding, Findings


def look_at_weights(study: Study, model: Pretrained, root: Root, findings: Findings) -> None:
    """Prune the pre-trained weights as the study would, without any training, and fit the masks that it names."""
    findings.notes.extend(_emptied(study, model))
    for ticket in study.tickets:
        if ticket.given is not None:
            _fit(ticket, model, root, findings)


def _emptied(study: Study, model: Pretrained) -> Iterator[Finding]:
    """The lowest level of each ticket block at which a matrix keeps next to nothing.

    A training moves weights by little, so that what is left of them by their magnitudes is much the same after it.
    """
    state = model.read_again()
    for name in dict.fromkeys(ticket.name for ticket in study.tickets):
        tickets = [ticket for ticket in study.tickets if ticket.name == name and _goes_by_weights(ticket)]
        for pruning in dict.fromkeys(str(ticket.pruning) for ticket in tickets):
            alike = [ticket for ticket in tickets if str(ticket.pruning) == pruning]
            for level in sorted({level for ticket in alike for level in ticket.levels}):
                if emptied := _emptied_at(alike[0].pruning, level, model, state):
                    what = f"{name} at {level}"
                    shown = ", ".join(f"`{matrix}`" for matrix in emptied[:3]) + (", ..." if len(emptied) > 3 else "")
                    yield Finding(
                        alike[0].at, what, f"less than a hundredth of {shown} is left of the weights as they are"
                    )
                    break


def _emptied_at(pruning: Pruning, level: Sparsity, model: Pretrained, state: State) -> tuple[str, ...]:
    matrices = prunable(model.pattern, pruning.scope)
    ground = Ground.of(pruning.scope, matrices, model.heads)
    material = Material(weights={name: state[name] for name in matrices})
    return remove(pruning_method(pruning.method), pruning, level, material, ground, None).collapsed()


def _goes_by_weights(ticket: Ticket) -> bool:
    method = PRUNINGS[ticket.pruning.method]
    return ticket.given is None and method.reads == "weights" and method.over is None


def _fit(ticket: Ticket, model: Pretrained, root: Root, findings: Findings) -> None:
    assert ticket.given is not None, "its mask is given"
    path = root.path(ticket.given.name, ticket.given.at)
    if not isinstance(path, Path):
        findings.problems.append(path)
    elif path.is_file():
        try:
            fitted(_job(ticket, ticket.given), path, model)
        except JobFailed as problem:
            findings.faults.append(Finding(ticket.given.at, f"mask of {ticket.label}", str(problem)))
    elif root.is_confined:
        findings.problems.append(MissingMaskFile(at=ticket.given.at, path=str(path)))


def _job(ticket: Ticket, given: MaskFile) -> GivenMask:
    scope, sparsity = ticket.pruning.scope, ticket.path[0]
    return GivenMask(model="", file="", missing=given.missing, scope=scope, sparsity=sparsity)
