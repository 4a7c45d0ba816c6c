"""What jobs that make a mask have in common: its file, its numbers, and a word where a matrix collapses."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve

from ticketlang.jobs import JobKey
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

from ..masks import MASK_FILE
from ..pruning.budget import Ground, declared_of_each, keeps_pattern
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON, PATTERN, REMOVED_OF_EACH, Certificate, Check, Outcome
from ..workshop import Workshop
from .certify import check_equal

MOST_NAMED = 3


def mask_of(key: JobKey | None, inputs: Mapping[JobKey, Artifact]) -> Mask | None:
    """The mask that a job left; None for no job."""
    return None if key is None else Mask.read(inputs[key].path(MASK_FILE))


def share_checks(
    pruning: Pruning, sparsity: Sparsity, mask: Mask, ground: Ground, start: Mask | None = None
) -> tuple[Check, ...]:
    """Of a mask whose weights are shared out matrix by matrix, or among neighbours: whether they are, in each."""
    wanted = declared_of_each(pruning, sparsity, ground, start)
    shared = () if wanted is None else (check_equal(REMOVED_OF_EACH, wanted, removed_of(mask)),)
    pattern = () if pruning.pattern is None else (check_equal(PATTERN, True, keeps_pattern(mask, *pruning.pattern)),)
    return *shared, *pattern


def removed_of(mask: Mask) -> dict[str, int]:
    """How many weights of each matrix a mask removes."""
    return {name: removed for name, (removed, _) in mask.per_matrix().items()}


def leave_mask(mask: Mask, certificate: Certificate, key: JobKey, workshop: Workshop, folder: Path) -> Outcome:
    """Write the mask, and say where a matrix has collapsed: a head behind it would see a constant."""
    mask.write(folder / MASK_FILE)
    if collapsed := mask.collapsed():
        workshop.listener.noticed(key, _collapse(collapsed, mask.per_matrix()))
    numbers = _numbers(mask)
    said = {name: numbers[name] for name in ("sparsity", "collapsed")}
    return Outcome(numbers, evolve(certificate, facts={**certificate.facts, **said}))


def _collapse(names: Sequence[str], matrices: Mapping[str, tuple[int, int]]) -> str:
    """One sentence, however many matrices there are."""
    removed, total = (sum(matrices[name][place] for name in names) for place in (0, 1))
    if len(names) == 1:
        return f"`{names[0]}` has collapsed: it keeps {total - removed:,} of {total:,} weights"
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{len(names)} matrices have collapsed: {shown}{more} keep {total - removed:,} of {total:,} weights"


def _numbers(mask: Mask) -> dict[str, JSON]:
    return {
        "removed": mask.removed,
        "total": mask.total,
        "sparsity": mask.removed / mask.total,
        "matrices": {name: list(numbers) for name, numbers in mask.per_matrix().items()},
        "collapsed": list(mask.collapsed()),
    }
