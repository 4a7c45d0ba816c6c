"""Prune: score the weights of a scope, and remove the lowest beyond those that are gone."""

from collections.abc import Mapping
from pathlib import Path

from ticketlang.jobs import JobKey, Prune
from ticketlang.vocabulary.prunings import PRUNINGS

from ..implementations import pruning_method
from ..models.checkpoint import State
from ..models.scopes import all_prunable, prunable
from ..pruning.budget import Ground, counted, declared, remove
from ..pruning.mask import Mask
from ..pruning.material import Material
from ..store.artifact import Artifact
from ..store.certificates import JSON, NESTED, NO_GRADIENT, PRUNINGS_DONE, Outcome
from ..weights.files import MOVEMENT_FILE, WEIGHTS_FILE, read_state
from ..workshop import Workshop
from .beginning import scored_check
from .certify import certify, check_equal
from .gradients import products_of
from .masks import leave_mask, mask_of, share_checks


def perform(job: Prune, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.Prune`."""
    start = mask_of(job.start, inputs)
    prunings = 1 + (inputs[job.start].certificate.facts["prunings"] if job.start else 0)
    model = workshop.model(job.model)
    ground = Ground.of(job.pruning.scope, prunable(model.pattern, job.pruning.scope), model.heads)
    weights = _weights(job, inputs, workshop)
    material, facts = _material(job, start, weights, inputs, workshop)
    mask = remove(pruning_method(job.pruning.method), job.pruning, job.sparsity, material, ground, start)
    wanted, found = declared(job.pruning, job.sparsity, ground), counted(mask, ground)
    certificate = certify(
        (
            scored_check(job, weights, inputs, model),
            *(check_equal(f"as many {what} are removed as declared", n, found[what]) for what, n in wanted.items()),
            *((check_equal(PRUNINGS_DONE, job.prunings, prunings),) if job.prunings else ()),
            check_equal(NESTED, True, start is None or mask.is_inside(start)),
            *share_checks(job.pruning, job.sparsity, mask, ground, start),
        ),
        {
            "pruning": str(job.pruning),
            "matrices": list(ground.matrices),
            "prunings": prunings,
            "removed before": start.removed if start else 0,
            **_untrained(job, inputs, ground),
            **facts,
        },
    )
    return leave_mask(mask, certificate, key, workshop, folder)


def _untrained(job: Prune, inputs: Mapping[JobKey, Artifact], ground: Ground) -> dict[str, JSON]:
    """Matrices that the training before gave no gradient: they are pruned by the weights that they had before it."""
    trained = inputs[job.weights].certificate.facts.get(NO_GRADIENT, ()) if job.weights is not None else ()
    found = [name for name in ground.matrices if name in trained]
    return {NO_GRADIENT: found} if found else {}


def _material(
    job: Prune, start: Mask | None, weights: State, inputs: Mapping[JobKey, Artifact], workshop: Workshop
) -> tuple[Material, dict[str, JSON]]:
    """What the method reads, and what is worth knowing of where it came from."""
    match PRUNINGS[job.pruning.method].reads:
        case "nothing":
            return Material(weights=weights, seed=job.seed or 0), {"seed": job.seed or 0}
        case "weights":
            return Material(weights=weights).under(start), {}
        case "gradients":
            products, facts = products_of(job, start, inputs, workshop, tuple(weights))
            return Material(weights=weights, products=products).under(start), facts
        case "movement":
            assert job.weights is not None, "a rule refuses movement without a training"
            products = read_state(inputs[job.weights].path(MOVEMENT_FILE), tuple(weights))
            return Material(weights=weights, products=products).under(start), {}


def _weights(job: Prune, inputs: Mapping[JobKey, Artifact], workshop: Workshop) -> State:
    """The matrices that any scope names, trained or pre-trained, in the order of the network."""
    model = workshop.model(job.model)
    names = tuple(all_prunable(model.pattern))
    if job.weights is not None:
        return read_state(inputs[job.weights].path(WEIGHTS_FILE), names)
    state = model.read_again()
    return {name: state[name] for name in names}
