"""What jobs that make a mask have in common: its file, its numbers, and a word where a matrix collapses."""

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from ticketlang.jobs import JobKey

from ..masks import MASK_FILE
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON, Certificate, Outcome
from ..workshop import Workshop


def mask_of(key: JobKey | None, inputs: Mapping[JobKey, Artifact]) -> Mask | None:
    """The mask that a job left; None for no job."""
    return None if key is None else Mask.read(inputs[key].path(MASK_FILE))


def leave_mask(mask: Mask, certificate: Certificate, key: JobKey, workshop: Workshop, folder: Path) -> Outcome:
    """Write the mask, and say where a matrix has collapsed: a head behind it would see a constant."""
    mask.write(folder / MASK_FILE)
    matrices = mask.per_matrix()
    for name in mask.collapsed():
        removed, total = matrices[name]
        workshop.listener.noticed(key, f"`{name}` has collapsed: it keeps {total - removed:,} of {total:,} weights")
    numbers = _numbers(mask)
    said = {name: numbers[name] for name in ("sparsity", "collapsed")}
    return Outcome(numbers, evolve(certificate, facts={**certificate.facts, **said}))


def _numbers(mask: Mask) -> dict[str, JSON]:
    return {
        "removed": mask.removed,
        "total": mask.total,
        "sparsity": mask.removed / mask.total,
        "matrices": {name: list(numbers) for name, numbers in mask.per_matrix().items()},
        "collapsed": list(mask.collapsed()),
    }
