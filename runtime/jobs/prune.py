"""Prune: score the weights of a scope, and remove the lowest beyond those that are gone."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ticketlang.jobs import JobKey, Prune
from ticketlang.vocabulary.prunings import PRUNINGS

from ..implementations import pruning_method
from ..models.scopes import all_prunable, prunable
from ..pruning.budget import approach, declared, select
from ..pruning.mask import Mask
from ..pruning.material import Material
from ..store.artifact import Artifact
from ..store.certificates import JSON, Check, Outcome
from ..weights.files import MOVEMENT_FILE, WEIGHTS_FILE, read_state
from ..workshop import Workshop
from .certify import certify, check_equal
from .gradients import products_of
from .masks import leave_mask, mask_of


def perform(job: Prune, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.Prune`."""
    start = mask_of(job.start, inputs)
    material, facts = _material(job, start, inputs, workshop)
    scope = prunable(workshop.model(job.model).pattern, job.pruning.scope)
    mask = _prune(job, material, tuple(scope), start)
    removed = declared(job.pruning, job.sparsity, (matrix.numel() for matrix in scope.values()))
    certificate = certify(
        (
            check_equal("as many weights are removed as declared", removed, mask.removed),
            Check("what is kept was kept by the mask before", True, _is_nested(mask, start), _is_nested(mask, start)),
        ),
        {
            "pruning": str(job.pruning),
            "matrices": list(scope),
            "prunings": 1 + (inputs[job.start].certificate.facts["prunings"] if job.start else 0),
            "removed before": start.removed if start else 0,
            **facts,
        },
    )
    return leave_mask(mask, certificate, key, workshop, folder)


def _prune(job: Prune, material: Material, names: tuple[str, ...], start: Mask | None) -> Mask:
    """Score and select, once, or as often as the method looks anew."""
    method, mask = pruning_method(job.pruning.method), start
    for sparsity in approach(job.pruning, job.sparsity, start):
        scores = method.scores(material.under(mask))
        mask = select(job.pruning, sparsity, {name: scores[name] for name in names}, mask)
    assert mask is not None, "there is a last sparsity"
    return mask


def _material(
    job: Prune, start: Mask | None, inputs: Mapping[JobKey, Artifact], workshop: Workshop
) -> tuple[Material, dict[str, JSON]]:
    """What the method reads, and what is worth knowing of where it came from."""
    weights = _weights(job, inputs, workshop)
    match PRUNINGS[job.pruning.method].reads:
        case "weights":
            return Material(weights=weights).under(start), {}
        case "gradients":
            products, facts = products_of(job, start, inputs, workshop, tuple(weights))
            return Material(weights=weights, products=products).under(start), facts
        case "movement":
            assert job.weights is not None, "a rule refuses movement without a training"
            products = read_state(inputs[job.weights].path(MOVEMENT_FILE), tuple(weights))
            return Material(weights=weights, products=products).under(start), {}


def _weights(job: Prune, inputs: Mapping[JobKey, Artifact], workshop: Workshop) -> dict[str, Tensor]:
    """The matrices that any scope names, trained or pre-trained, in the order of the network."""
    model = workshop.model(job.model)
    names = tuple(all_prunable(model.pattern))
    if job.weights is not None:
        return read_state(inputs[job.weights].path(WEIGHTS_FILE), names)
    state = model.read_again()
    return {name: state[name] for name in names}


def _is_nested(mask: Mask, start: Mask | None) -> bool:
    return start is None or mask.is_inside(start)
