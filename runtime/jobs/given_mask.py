"""GivenMask: a mask that others made, fitted to the scope of a model, and as sparse as the study declares."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ticketlang.jobs import GivenMask, JobKey
from ticketlang.units import Sparsity

from ..exchange import read_given
from ..failures import ExchangeError, JobFailed
from ..models.scopes import prunable
from ..models.trunk import Pretrained
from ..pruning import magnitude
from ..pruning.mask import Mask
from ..pruning.material import Material
from ..pruning.selection import remove_lowest
from ..store.artifact import Artifact
from ..store.certificates import GIVEN, Outcome
from ..workshop import Workshop
from .certify import certify, check_equal
from .masks import leave_mask


def perform(
    job: GivenMask, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path
) -> Outcome:
    """See `ticketlang.jobs.GivenMask`."""
    mask, lacking = fitted(job, workshop.places.mask(job.file), workshop.model(job.model))
    found = str(Sparsity(mask.sparsity))
    certificate = certify(
        (check_equal(GIVEN, str(job.sparsity), found),),
        {"file": job.file, "matrices": list(mask.kept), "lacking": lacking, "missing": job.missing, "prunings": 0},
    )
    return leave_mask(mask, certificate, key, workshop, folder)


def fitted(job: GivenMask, path: Path, model: Pretrained) -> tuple[Mask, list[str]]:
    """The mask of the whole scope, and the matrices that the file lacks.

    Raises:
        JobFailed: if the file holds no mask of this model, or one that is not as sparse as declared.
    """
    matrices = prunable(model.pattern, job.scope)
    given = _given(path, matrices, str(job.sparsity))
    lacking = [name for name in matrices if name not in given]
    state = model.read_again() if lacking else {}
    mask = _completed(job, given, matrices, {name: state[name] for name in lacking})
    _refuse_other_sparsity(job, mask)
    return mask, lacking


def _given(path: Path, matrices: Mapping[str, Tensor], sparsity: str) -> dict[str, Tensor]:
    """The masks of a file, each of a matrix of the scope and in its shape; of one that holds several, that level's."""
    try:
        kept = {name: torch.from_numpy(bits) for name, bits in read_given(path, sparsity).kept.items()}
    except ExchangeError as problem:
        raise JobFailed(str(problem)) from None
    for name, bits in kept.items():
        if name not in matrices:
            raise JobFailed(f"{path} has a mask of `{name}`, which is not in the scope; say a scope that holds it")
        if bits.shape != matrices[name].shape:
            shapes = f"{tuple(bits.shape)}, and the matrix {tuple(matrices[name].shape)}"
            raise JobFailed(f"{path} is of another model: its mask of `{name}` has shape {shapes}")
    return kept


def _completed(
    job: GivenMask, given: Mapping[str, Tensor], matrices: Mapping[str, Tensor], lacking: Mapping[str, Tensor]
) -> Mask:
    """The mask of the whole scope: what the file lacks keeps all, or loses its smallest weights to the declared sum."""
    if lacking and job.missing == "nothing":
        shown = ", ".join(f"`{name}`" for name in lacking)
        raise JobFailed(
            f"the mask file lacks {shown}; say `missing dense` or `missing by magnitude`, or a scope without it"
        )
    rest = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in lacking.items()}
    if lacking and job.missing == "by magnitude":
        total = sum(matrix.numel() for matrix in matrices.values())
        count = job.sparsity.removed(total) - Mask(given).removed
        if not 0 <= count <= sum(weight.numel() for weight in lacking.values()):
            raise JobFailed(
                f"a sparsity of {job.sparsity} cannot be reached in what the mask file lacks: it removes"
                f" {Mask(given).removed:,} of {total:,} weights by itself"
            )
        rest = dict(remove_lowest(magnitude.scores(Material(weights=lacking)), count).kept)
    return Mask({name: given[name] if name in given else rest[name] for name in matrices})


def _refuse_other_sparsity(job: GivenMask, mask: Mask) -> None:
    if (found := str(Sparsity(mask.sparsity))) != str(job.sparsity):
        raise JobFailed(
            f"the mask removes {found} of the scope, and {job.sparsity} is declared; say `sparsity {found} of original`"
        )
