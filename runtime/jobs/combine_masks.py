"""CombineMasks: a mask made of others, matrix by matrix. How sparse it is follows from them, and is counted."""

from collections.abc import Mapping
from pathlib import Path

from ticketlang.jobs import CombineMasks, JobKey

from ..failures import JobFailed
from ..masks import MASK_FILE
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import COMBINED, INVERTED, Check, Outcome
from ..workshop import Workshop
from .certify import certify, check_equal
from .masks import leave_mask


def perform(
    job: CombineMasks, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path
) -> Outcome:
    """See `ticketlang.jobs.CombineMasks`.

    Raises:
        JobFailed: for masks that cover different matrices.
    """
    masks = [Mask.read(inputs[name].path(MASK_FILE)) for name in job.masks]
    first, last = masks[0], masks[-1]
    if not last.covers(first.kept):
        raise JobFailed("the two masks cover different matrices; let both tickets prune the same scope")
    mask, check = _combined(job, first, last)
    certificate = certify((check,), {"operation": job.operation, "kept by each": [each.left for each in masks]})
    return leave_mask(mask, certificate, key, workshop, folder)


def _combined(job: CombineMasks, first: Mask, last: Mask) -> tuple[Mask, Check]:
    if job.operation == "inverted":
        inverted = first.inverted()
        return inverted, check_equal(INVERTED, first.removed, inverted.left)
    union, common = first.union(last), first.intersection(last)
    both = check_equal(
        COMBINED,
        first.left + last.left,
        union.left + common.left,
    )
    return (union if job.operation == "union" else common), both
