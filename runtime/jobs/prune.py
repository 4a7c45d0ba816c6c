"""Prune: score the weights of a scope, and remove the lowest beyond those that are gone."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from torch import Tensor

from ticketlang.jobs import JobKey, Prune

from ..implementations import pruning_method
from ..models.scopes import prunable
from ..pruning.mask import Mask
from ..pruning.selection import Scores, remove_lowest, remove_share_of_each
from ..store.artifact import Artifact
from ..store.certificates import Check, Outcome
from ..weights.files import WEIGHTS_FILE, read_state
from ..workshop import Workshop
from .certify import certify, check_equal
from .masks import leave_mask, mask_of


def perform(job: Prune, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.Prune`."""
    weights = _weights(job, inputs, workshop)
    start = mask_of(job.start, inputs)
    mask = _select(job, pruning_method(job.pruning.method).scores(weights), start)
    certificate = certify(
        (
            check_equal("as many weights are removed as declared", _declared(job, weights), mask.removed),
            Check("what is kept was kept by the mask before", True, _is_nested(mask, start), _is_nested(mask, start)),
        ),
        {
            "pruning": str(job.pruning),
            "matrices": list(weights),
            "prunings": 1 + (inputs[job.start].certificate.facts["prunings"] if job.start else 0),
            "removed before": start.removed if start else 0,
        },
    )
    return leave_mask(mask, certificate, key, workshop, folder)


def _weights(job: Prune, inputs: Mapping[JobKey, Artifact], workshop: Workshop) -> dict[str, Tensor]:
    """The matrices of the scope, trained or pre-trained, in the order of the network."""
    model = workshop.model(job.model)
    names = tuple(prunable(model.pattern, job.pruning.scope))
    if job.weights is not None:
        return read_state(inputs[job.weights].path(WEIGHTS_FILE), names)
    state = model.read_again()
    return {name: state[name] for name in names}


def _select(job: Prune, scores: Scores, start: Mask | None) -> Mask:
    match job.pruning.allocation:
        case "global":
            return remove_lowest(scores, job.sparsity.removed(sum(score.numel() for score in scores.values())), start)
        case "per layer":
            return remove_share_of_each(scores, job.sparsity.fraction, start)
    assert_never(job.pruning.allocation)


def _declared(job: Prune, weights: Mapping[str, Tensor]) -> int:
    sizes = [weight.numel() for weight in weights.values()]
    if job.pruning.allocation == "global":
        return job.sparsity.removed(sum(sizes))
    return sum(job.sparsity.removed(size) for size in sizes)


def _is_nested(mask: Mask, start: Mask | None) -> bool:
    return start is None or mask.is_inside(start)
