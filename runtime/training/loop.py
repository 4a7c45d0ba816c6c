"""The training loop: what happens at each step, in this order, and nothing else.

Forward, backward, mask the gradients, clip them, step at the schedule's rate, look whether the mask held. No state is
global: order, dropout and heads come from their streams, so the same arguments on the same machine give the same bits.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from attrs import Factory, define, frozen
from torch import Tensor, nn

from ticketlang.study import Optimizer

from ..failures import TrainingDiverged
from ..models.dropout import Dropout, set_step
from ..models.network import Network
from ..pruning.mask import Mask
from .batches import Batch, Encoded, TrainingOrder, collate
from .gradual import Gradual
from .masking import MaskInForce
from .movement import Movement
from .optimizer import adamw, clip_, gradient_norms, rate_of, set_rate
from .schedule import Schedule
from .words import see_words, trained_parameters

CURVE_POINTS = 50  # of a learning curve, at most

Loss = Callable[[Tensor, Tensor], Tensor]  # answers (R, C), labels of the batch -> a mean
Advanced = Callable[[int, int], None]  # steps done, steps in all


@frozen(kw_only=True)
class Training:
    """Everything a training is a function of, but the network, its mask and the examples."""

    schedule: Schedule
    order: TrainingOrder
    optimizer: Optimizer
    loss: Loss
    joined: "tuple[Part, ...]" = ()  # other tasks that take turns with the first
    begins: int = 0  # the step at which it sets in
    ends: int  # the step before which it stops


@frozen(eq=False)
class Part:
    """One of several tasks that a network is trained on by turns; its head is that of the same number."""

    examples: Encoded
    order: TrainingOrder
    loss: Loss


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
) -> Trained:
    """Train a network in place. What the mask removes is zero from before the first step on.

    Args:
        movement: adds up what each step sees, for a pruning that reads it; None: no one does.
        gradual: prunes at some of the steps; None: the mask stays as it is.

    Raises:
        TrainingDiverged: loss or gradients stopped being finite.
        BrokenInvariant: a removed weight came back.
    """
    device = next(network.parameters()).device
    parts = (Part(examples, training.order, training.loss), *training.joined)
    held = MaskInForce(mask, dict(network.trunk.named_parameters()))
    words = see_words(network, [part.examples for part in parts], decays=training.optimizer.decay > 0)
    gradients = Gradients(trained_parameters(network, words))
    optimizer = adamw(list(gradients.parameters.values()), training.optimizer)
    curve = Curve(stretch=-(-(training.ends - training.begins) // CURVE_POINTS))
    rates: list[float] = []
    network.train()
    for step, part, batch in turns(parts, training.begins, training.ends, device):
        rate = float(training.schedule.rate(step))
        if gradual is not None:
            held.prune_(gradual, step, optimizer)
        set_step(dropouts, step)
        loss = learn(network, batch, parts[part].loss, part)
        _refuse_infinite("loss", loss, step, rate, batch)
        held.mask_gradients_()
        if movement is not None:
            movement.add_()
        norm = gradients.norm()
        _refuse_infinite("gradient", norm, step, rate, batch)
        clip_(gradients.present, norm, training.optimizer.clip)
        set_rate(optimizer, rate)
        optimizer.step()
        rates.append(rate_of(optimizer))
        optimizer.zero_grad(set_to_none=True)
        if words is not None:
            words.put_back_()
        held.look(step)
        curve.add(step, loss)
        advanced(step + 1 - training.begins, training.ends - training.begins)
    return Trained(
        steps=_steps_taken(optimizer),
        rates=tuple(rates),
        curve=curve.finished(training.ends),
        checked_steps=held.checked_steps,
        largest_norms=gradients.largest_norms(),
        mask=held.mask,
        prunings=tuple(held.prunings),
    )


def turns(parts: Sequence[Part], begins: int, ends: int, device: torch.device) -> Iterator[tuple[int, int, Batch]]:
    """The steps from `begins` to `ends` (half open), which task's turn each is, and its batch.

    Tasks take turns, one batch each: step k belongs to task k mod n. So each has the same share of the steps, whatever
    the sizes of their data, which may differ ten-thousandfold; and where a training sets in changes nothing.
    """
    several = len(parts)
    orders = []
    for number, part in enumerate(parts):
        first, last = (len(range(number, step, several)) for step in (begins, ends))  # turns it has had by then
        orders.append(part.order.from_step(first, last))
    for step in range(begins, ends):
        part = parts[step % several]
        bits = part.order.bits(step // several)
        yield step, step % several, collate(part.examples, next(orders[step % several]), device, bits)


def learn(network: Network, batch: Batch, loss: Loss, part: int) -> float:
    """Forward and backward: leaves gradients behind, and tells the loss."""
    value = loss(network(batch.inputs, part), batch.labels)
    value.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    return value.item()


@define
class Gradients:
    """The gradients of all parameters, and the largest norm each has had."""

    parameters: dict[str, nn.Parameter]
    largest: dict[str, Tensor] = Factory(dict)

    @property
    def present(self) -> list[Tensor]:
        return [parameter.grad for parameter in self.parameters.values() if parameter.grad is not None]

    def norm(self) -> float:
        """The L2 norm of all gradients together."""
        names = [name for name, parameter in self.parameters.items() if parameter.grad is not None]
        norms = gradient_norms(self.present)
        for name, norm in zip(names, norms.unbind(), strict=True):
            self.largest[name] = norm if name not in self.largest else torch.maximum(self.largest[name], norm)
        return float(torch.linalg.vector_norm(norms))

    def largest_norms(self) -> dict[str, float]:
        return {name: float(self.largest.get(name, 0.0)) for name in self.parameters}


@define
class Curve:
    """The mean loss of every stretch of steps."""

    stretch: int
    points: list[tuple[int, float]] = Factory(list)
    losses: list[float] = Factory(list)

    def add(self, step: int, loss: float) -> None:
        self.losses.append(loss)
        if len(self.losses) == self.stretch:
            self._close(step + 1)

    def finished(self, ends: int) -> tuple[tuple[int, float], ...]:
        if self.losses:
            self._close(ends)
        return tuple(self.points)

    def _close(self, step: int) -> None:
        self.points.append((step, math.fsum(self.losses) / len(self.losses)))
        self.losses.clear()


def _steps_taken(optimizer: torch.optim.Optimizer) -> int:
    return max((int(state["step"]) for state in optimizer.state.values()), default=0)


def _refuse_infinite(what: str, value: float, step: int, rate: float, batch: Batch) -> None:
    if not math.isfinite(value):
        raise TrainingDiverged(what, step, rate, tuple(int(example) for example in batch.examples))
