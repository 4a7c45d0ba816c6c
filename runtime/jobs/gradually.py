"""Pruning while a network is trained: what the training is given for it, and what it proves of it afterwards."""

from collections.abc import Mapping

from torch import Tensor

from ticketlang.jobs import Gradually
from ticketlang.units import Sparsity

from ..failures import JobFailed
from ..implementations import pruning_method
from ..models.scopes import prunable
from ..pruning.budget import Ground, declared, remove
from ..pruning.mask import Mask
from ..pruning.material import Material
from ..store.certificates import HELD_SINCE, HOLES, JSON, NESTED_ON_THE_WAY, PRUNED_ON_THE_WAY, Check
from ..training.gradual import Gradual, sparsities
from ..training.loop import Trained
from .bench import Bench
from .certify import check_equal


def gradual_of(pruned: Gradually, bench: Bench) -> Gradual:
    """The prunings of a training.

    Raises:
        JobFailed: if the training is too short for them.
    """
    assert pruned.pruning.rise is not None, "the pruning is gradual"
    ground, method = _ground(pruned, bench), pruning_method(pruned.pruning.method)
    try:
        steps = sparsities(pruned.pruning.rise, pruned.sparsity, bench.training.schedule)
    except ValueError as problem:
        raise JobFailed(f"{problem}; say another `from ... to ...`") from None

    def prune(weights: Mapping[str, Tensor], sparsity: Sparsity, start: Mask | None) -> Mask:
        material = Material(weights={name: weights[name].detach().cpu() for name in ground.matrices})
        return remove(method, pruned.pruning, sparsity, material, ground, start)

    return Gradual(steps, prune)


def checks_of(
    pruned: Gradually,
    bench: Bench,
    gradual: Gradual,
    trained: Trained,
    holes: Mapping[str, list[int]],
) -> tuple[Check, ...]:
    """What was to happen at each pruning, and what did.

    Args:
        holes: for each matrix how many removed weights are zero at the end, and how many weights there are.
    """
    assert trained.mask is not None, "it was pruned on its way"
    ground = _ground(pruned, bench)
    wanted: JSON = [
        [step, declared(pruned.pruning, sparsity, ground)["weights"]] for step, sparsity in gradual.sparsities.items()
    ]
    found: JSON = [list(pruning) for pruning in trained.prunings]
    first = min(gradual.sparsities)
    return (
        check_equal(PRUNED_ON_THE_WAY, wanted, found),
        check_equal(NESTED_ON_THE_WAY, len(wanted), trained.nested),
        check_equal(
            HELD_SINCE,
            bench.training.ends - first,
            trained.checked_steps,
        ),
        check_equal(HOLES, {name: list(counts) for name, counts in trained.mask.per_matrix().items()}, dict(holes)),
    )


def _ground(pruned: Gradually, bench: Bench) -> Ground:
    matrices = prunable(bench.model.pattern, pruned.pruning.scope)
    return Ground.of(pruned.pruning.scope, matrices, bench.model.heads)
