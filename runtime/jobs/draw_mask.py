"""DrawMask: a mask drawn at random: over the whole scope, of every few neighbours, or with another mask's shares."""

from collections.abc import Mapping
from pathlib import Path

from ticketlang.jobs import DrawMask, JobKey
from ticketlang.study import Pruning

from ..implementations import pruning_method
from ..models.scopes import prunable
from ..pruning import random
from ..pruning.budget import Ground, counted, declared, remove
from ..pruning.mask import Mask
from ..pruning.material import Material
from ..pruning.selection import remove_of_each
from ..pruning.units import spread, units_of
from ..store.artifact import Artifact
from ..store.certificates import REMOVED_OF_EACH, Outcome
from ..workshop import Workshop
from .certify import certify, check_equal
from .masks import leave_mask, mask_of, removed_of, share_checks


def perform(job: DrawMask, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.DrawMask`."""
    model = workshop.model(job.model)
    ground = Ground.of(job.scope, prunable(model.pattern, job.scope), model.heads)
    material = Material(weights=ground.matrices, seed=job.seed)
    like = mask_of(job.like, inputs)
    if like is None:
        everywhere = Pruning(method="random", allocation="global", scope=job.scope, pattern=job.pattern)
        wanted = declared(everywhere, job.sparsity, ground)
        mask = remove(pruning_method("random"), everywhere, job.sparsity, material, ground, None)
        shared = share_checks(everywhere, job.sparsity, mask, ground)
    else:
        wanted = counted(like, ground)
        mask = _draw_in_each(like, material, ground)
        shared = (check_equal(REMOVED_OF_EACH, removed_of(like), removed_of(mask)),)
    found = counted(mask, ground)
    certificate = certify(
        (
            *(check_equal(f"as many {what} are removed as declared", n, found[what]) for what, n in wanted.items()),
            *shared,
        ),
        {
            "seed": job.seed,
            "matrices": list(ground.matrices),
            "drawn": _where(job),
        },
    )
    return leave_mask(mask, certificate, key, workshop, folder)


def _where(job: DrawMask) -> str:
    if job.pattern is not None:
        kept, of = job.pattern
        return f"{kept} of every {of} neighbours"
    return "in each matrix" if job.like else "over the whole scope"


def _draw_in_each(like: Mask, material: Material, ground: Ground) -> Mask:
    """As many of each matrix as another mask removes, or as many of a layer's units."""
    if not ground.units:
        return remove_of_each(random.scores(material), removed_of(like))
    scores = {group.name: random.unit_scores(material, group) for group in ground.groups}
    units = remove_of_each(scores, removed_of(units_of(like, ground.groups)))
    return spread(units, ground.groups, ground.matrices)
