"""Pruning while training: at which steps, and up to which sparsity at each (Zhu & Gupta 2017, equation 1)."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from attrs import frozen
from torch import Tensor

from ticketlang.study import Rise
from ticketlang.units import Sparsity

from ..pruning.mask import Mask
from .schedule import Schedule

PruneTo = Callable[[Mapping[str, Tensor], Sparsity, Mask | None], Mask]  # weights, how sparse, what is gone already


@frozen(eq=False)
class Gradual:
    """The prunings of one training."""

    sparsities: Mapping[int, Sparsity]  # the step before which a pruning happens -> what it reaches
    prune: PruneTo


def sparsities(rise: Rise, final: Sparsity, schedule: Schedule) -> dict[int, Sparsity]:
    """From the beginning b to the end e of a rise, every so many steps and at its end: s (1 - ((e - t) / (e - b))^3).

    Raises:
        ValueError: for a rise that does not end within the training, and after it begins.
    """
    begins, ends, every = (
        point.steps(schedule.steps_per_epoch, schedule.steps) for point in (rise.begins, rise.ends, rise.every)
    )
    if not begins < ends < schedule.steps:
        raise ValueError(
            f"a rise from step {begins} to step {ends} has no place in a training of {schedule.steps} steps"
        )
    steps = (*range(begins + max(every, 1), ends, max(every, 1)), ends)
    return {step: Sparsity(final.fraction * (1 - Fraction(ends - step, ends - begins) ** 3)) for step in steps}
