"""A training on its way: everything that changes from step to step, to be taken out between two and put back."""

import math
from collections.abc import Mapping

import torch
from attrs import Factory, define, field
from torch import Tensor, nn

from ..models.network import Network
from .learner import Learner
from .masking import MaskInForce
from .moment import Moment
from .movement import Movement
from .optimizer import gradient_norms
from .words import SeenWords


@define
class Gradients:
    """The gradients of all parameters, and the largest norm each has had."""

    parameters: dict[str, nn.Parameter]
    _largest: dict[tuple[str, ...], Tensor] = Factory(dict)  # by those that had gradients together, in one row

    @property
    def present(self) -> list[Tensor]:
        return [parameter.grad for parameter in self.parameters.values() if parameter.grad is not None]

    def norm(self) -> float:
        """The L2 norm of all gradients together."""
        names = tuple(name for name, parameter in self.parameters.items() if parameter.grad is not None)
        norms = gradient_norms(self.present)
        self._largest[names] = torch.maximum(self._largest.get(names, norms), norms)
        return float(torch.linalg.vector_norm(norms))

    def largest(self) -> dict[str, float]:
        """Of those parameters that have had a gradient."""
        found: dict[str, float] = {}
        for names, norms in self._largest.items():
            for name, norm in zip(names, norms.tolist(), strict=True):
                found[name] = max(norm, found.get(name, norm))
        return found

    def put_back_(self, largest: Mapping[str, float]) -> None:
        """What `largest` took out."""
        device = next(iter(self.parameters.values())).device
        self._largest = {tuple(largest): torch.tensor(list(largest.values()), device=device)}

    def largest_norms(self) -> dict[str, float]:
        """Of all parameters; zero without a gradient."""
        return dict.fromkeys(self.parameters, 0.0) | self.largest()


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


@define(eq=False, kw_only=True)
class Course:
    """What a training has come to. Its parts are changed by the loop, in place."""

    begins: int
    ends: int
    network: Network
    optimizer: torch.optim.Optimizer
    gradients: Gradients  # of all that the optimizer moves
    held: MaskInForce
    learner: Learner
    words: SeenWords | None
    movement: Movement | None
    curve: Curve
    rates: list[float] = field(factory=list)
    step: int = field(init=False)  # the next one
    is_told: bool = True  # whoever listens has heard of the step before, and done what he does then
    is_whole: bool = True  # this is between two steps, or nothing of this one is done but forward and backward

    def __attrs_post_init__(self) -> None:
        self.step = self.begins

    def moment(self) -> Moment | None:
        """All that the rest is a function of; None in the middle of a step, or before the first."""
        if not self.is_whole or self.step == self.begins:
            return None
        held, packed = self.held.state()
        facts = {
            "told": self.is_told,
            "held": held,
            "portions": list(self.learner.changes),
            "largest norms": self.gradients.largest(),
            "curve": list(self.curve.points),
            "losses": list(self.curve.losses),
        }
        kept = {
            "network": _state(self.network),
            "mask": packed,
            "movement": {} if self.movement is None else self.movement.products,
            "training": {"rates": torch.tensor(self.rates, dtype=torch.float64)},
            **_memories(self.optimizer, self.gradients.parameters),
        }
        return Moment(
            step=self.step - self.begins,
            steps=self.ends - self.begins,
            facts=facts,
            tensors={f"{kind}/{name}": tensor for kind, named in kept.items() for name, tensor in named.items()},
        )

    def put_back_(self, moment: Moment) -> None:
        """Be as an earlier try of the same training was."""
        facts, kept = moment.facts, _by_kind(moment.tensors)
        with torch.no_grad():
            for name, tensor in _state(self.network).items():
                tensor.copy_(kept["network"][name])
            if self.words is not None:
                self.words.rows.copy_(self.words.weight[self.words.seen])
            if self.movement is not None:
                self.movement.put_back_(kept["movement"])
        self.held.put_back_(facts["held"], kept.get("mask", {}))
        for name, parameter in self.gradients.parameters.items():
            memories = {kind: named[name] for kind, named in kept.items() if kind.startswith(MEMORY) and name in named}
            if memories:
                self.optimizer.state[parameter] = {
                    kind.removeprefix(MEMORY): tensor.to(parameter.device, copy=True)
                    for kind, tensor in memories.items()
                }
        self.gradients.put_back_(facts["largest norms"])
        self.learner.put_back_(facts["portions"])
        self.curve.points = [(step, loss) for step, loss in facts["curve"]]
        self.curve.losses = list(facts["losses"])
        self.rates = kept["training"]["rates"].tolist()
        self.step, self.is_told = self.begins + moment.step, facts["told"]


MEMORY = "optimizer "  # what it remembers of each parameter, by the names of torch


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def _memories(optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]) -> dict[str, dict[str, Tensor]]:
    """By what is remembered, and of which parameter; some have had no gradient yet, and so no memory."""
    found: dict[str, dict[str, Tensor]] = {}
    for name, parameter in parameters.items():
        for memory, tensor in optimizer.state.get(parameter, {}).items():
            found.setdefault(MEMORY + memory, {})[name] = tensor
    return found


def _by_kind(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    found: dict[str, dict[str, Tensor]] = {}
    for named, tensor in tensors.items():
        kind, _, name = named.partition("/")
        found.setdefault(kind, {})[name] = tensor
    return found
