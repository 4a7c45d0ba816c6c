"""DrawMask: a mask drawn at random, over the whole scope or with another mask's share in each matrix."""

from collections.abc import Mapping
from pathlib import Path

from ticketlang.jobs import DrawMask, JobKey

from ..models.scopes import prunable
from ..pruning import random
from ..pruning.selection import remove_lowest, remove_of_each
from ..store.artifact import Artifact
from ..store.certificates import Outcome
from ..workshop import Workshop
from .certify import certify, check_equal
from .masks import leave_mask, mask_of


def perform(job: DrawMask, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.DrawMask`."""
    matrices = prunable(workshop.model(job.model).pattern, job.scope)
    scores = random.scores({name: matrix.shape for name, matrix in matrices.items()}, job.seed)
    like = mask_of(job.like, inputs)
    if like is None:
        declared = job.sparsity.removed(sum(matrix.numel() for matrix in matrices.values()))
        mask = remove_lowest(scores, declared)
    else:
        counts = {name: removed for name, (removed, _) in like.per_matrix().items()}
        declared = like.removed
        mask = remove_of_each(scores, counts)
    certificate = certify(
        (check_equal("as many weights are removed as declared", declared, mask.removed),),
        {
            "seed": job.seed,
            "matrices": list(matrices),
            "drawn": "in each matrix" if job.like else "over the whole scope",
        },
    )
    return leave_mask(mask, certificate, key, workshop, folder)
