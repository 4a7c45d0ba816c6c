"""The training loop: what happens at each step, in this order, and nothing else.

Forward, backward, mask the gradients, clip them, step at the schedule's rate, look whether the mask held. No state is
global: order, dropout and heads come from their streams, so the same arguments on the same machine give the same bits.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import closing

import torch
from attrs import frozen

from ticketlang.study import Optimizer

from ..failures import TrainingDiverged
from ..models.dropout import Dropout
from ..models.network import Network
from ..pruning.mask import Mask
from .batches import Batch, Encoded, TrainingOrder
from .course import Course, Curve, Gradients
from .gradual import Gradual
from .learner import Learner
from .masking import MaskInForce
from .moment import Forgetful, Keeper
from .movement import Movement
from .optimizer import adamw, clip_, rate_of, set_rate
from .replay import Replays
from .schedule import Schedule
from .turns import Ahead, Loss, Part, turns
from .words import see_words, trained_parameters

CURVE_POINTS = 50  # of a learning curve, at most

Advanced = Callable[[int, int], None]  # steps done, steps in all


@frozen(kw_only=True)
class Training:
    """Everything a training is a function of, but the network, its mask and the examples."""

    schedule: Schedule
    order: TrainingOrder
    optimizer: Optimizer
    loss: Loss
    joined: tuple[Part, ...] = ()  # other tasks that take turns with the first
    begins: int = 0  # the step at which it sets in
    ends: int  # the step before which it stops


@frozen(kw_only=True)
class Trained:
    """What a training did."""

    steps: int  # as the optimizer counted them
    rates: tuple[float, ...]  # learning rate of each step, as the optimizer had it
    curve: tuple[tuple[int, float], ...]  # the step before which a stretch ends, and its mean loss
    checked_steps: int  # after so many of them all removed weights were looked at, and were zero
    largest_norms: dict[str, float]  # of the gradient of each parameter, over all steps; masked, not clipped
    mask: Mask | None = None  # that held at the end
    prunings: tuple[tuple[int, int], ...] = ()  # steps before which it was pruned, and weights gone from there on
    nested: int = 0  # of these, how many kept only what was there before
    portions: tuple[tuple[int, int], ...] = ()  # from which step on batches were learned at most how many at once

    @property
    def last_rate(self) -> float | None:
        """Of the last step; None without any."""
        return self.rates[-1] if self.rates else None


def train(
    network: Network,
    mask: Mask | None,
    dropouts: Sequence[Dropout],
    examples: Encoded,
    training: Training,
    advanced: Advanced,
    movement: Movement | None = None,
    gradual: Gradual | None = None,
    keeper: Keeper | None = None,
) -> Trained:
    """Train a network in place. What the mask removes is zero from before the first step on.

    Args:
        movement: adds up what each step sees, for a pruning that reads it; None: no one does.
        gradual: prunes at some of the steps; None: the mask stays as it is.
        keeper: keeps what an interrupted training needs to go on; None: no one does.

    Raises:
        TrainingDiverged: loss or gradients stopped being finite.
        BrokenInvariant: a removed weight came back.
    """
    device = next(network.parameters()).device
    parts = (Part(examples, training.order, training.loss), *training.joined)
    course = _begin(network, mask, dropouts, parts, training, movement)
    steps = training.ends - training.begins
    keeper = keeper or Forgetful()
    _go_on(course, keeper, advanced, steps)
    network.train()
    coming = Ahead(turns(parts, course.step, training.ends, device, network.reads_rows))
    with closing(course.learner):
        for step, part, batch in coming:
            if gradual is not None:
                # Said before: a moment in the midst of a pruning would prune twice.
                course.is_whole = step not in gradual.sparsities
                course.held.prune_(gradual, step, course.optimizer)
            loss = _learn(course, training, batch, part, step, coming.prepare)
            course.held.look(step)
            course.curve.add(step, loss)
            course.step, course.is_told, course.is_whole = step + 1, False, True
            advanced(step + 1 - training.begins, steps)
            course.is_told = True
            keeper.passed()
    return _trained(course)


def _go_on(course: Course, keeper: Keeper, advanced: Advanced, steps: int) -> None:
    """Begin where an earlier try of the same training stood, if one is kept."""
    keeper.watch(course.moment)
    if (found := keeper.found()) is not None:
        course.put_back_(found)
        if not course.is_told:
            advanced(found.step, steps)


def _learn(
    course: Course, training: Training, batch: Batch, part: int, step: int, meanwhile: Callable[[], None]
) -> float:
    """One step: forward and backward, mask the gradients, clip them, move at the schedule's rate. Gives the loss."""
    rate = float(training.schedule.rate(step))
    loss = course.learner.learn(batch, part, step, meanwhile)
    _refuse_infinite("loss", loss, step, rate, batch)
    course.is_whole = False
    course.held.mask_gradients_()
    if course.movement is not None:
        course.movement.add_()
    norm = course.gradients.norm()
    _refuse_infinite("gradient", norm, step, rate, batch)
    clip_(course.gradients.present, norm, training.optimizer.clip)
    set_rate(course.optimizer, rate)
    course.optimizer.step()
    course.rates.append(rate_of(course.optimizer))
    course.optimizer.zero_grad(set_to_none=True)
    if course.words is not None:
        course.words.put_back_()
    return loss


def _trained(course: Course) -> Trained:
    held = course.held
    return Trained(
        steps=_steps_taken(course.optimizer),
        rates=tuple(course.rates),
        curve=course.curve.finished(course.ends),
        checked_steps=held.checked_steps,
        largest_norms=course.gradients.largest_norms(),
        mask=held.mask,
        prunings=tuple(held.prunings),
        nested=held.nested,
        portions=tuple(course.learner.changes),
    )


def _begin(
    network: Network, mask: Mask | None, dropouts: Sequence[Dropout], parts: Sequence[Part], training: Training,
    movement: Movement | None,
) -> Course:  # fmt: skip
    """Everything as it is before the first step."""
    held = MaskInForce(mask, dict(network.trunk.named_parameters()))
    words = see_words(network, [part.examples for part in parts], decays=training.optimizer.decay > 0)
    gradients = Gradients(trained_parameters(network, words))
    trained = list(gradients.parameters.values())
    optimizer = adamw(trained, training.optimizer)
    is_on_gpu = trained[0].device.type == "cuda"
    return Course(
        begins=training.begins,
        ends=training.ends,
        network=network,
        optimizer=optimizer,
        gradients=gradients,
        held=held,
        learner=Learner(
            network,
            parts,
            lambda: optimizer.zero_grad(set_to_none=True),
            dropouts,
            replays=Replays(network, dropouts, trained) if is_on_gpu and network.reads_rows else None,
        ),
        words=words,
        movement=movement,
        curve=Curve(stretch=-(-(training.ends - training.begins) // CURVE_POINTS)),
    )


def _steps_taken(optimizer: torch.optim.Optimizer) -> int:
    return max((int(state["step"]) for state in optimizer.state.values()), default=0)


def _refuse_infinite(what: str, value: float, step: int, rate: float, batch: Batch) -> None:
    if not math.isfinite(value):
        raise TrainingDiverged(what, step, rate, tuple(int(example) for example in batch.examples))
