"""Forward and backward of a batch, recorded once for each shape of batches and replayed, on a GPU.

Starting its thousand operations one by one takes a GPU longer than they do, where models and batches are as small as
here. A recording is of addresses: weights stay where they are, and the numbers of a batch and of its dropout are
written over those of the batch before. None is used that does not give, for the batch it was made with, the very bits
of the operations themselves; so it changes nothing but time, and where a device cannot record, nothing at all.
"""

from collections.abc import Callable, Sequence

import torch
from attrs import Factory, define
from torch import Tensor, nn

from ..models.dropout import Dropout
from ..models.network import Network
from ..models.packing import Packed, in_place
from ..models.rows import Layout

SHAPES = 16  # recorded at most: each keeps the memory of a step

Step = Callable[[Tensor], Tensor]  # numbers of a batch -> what the network answers
Record = Callable[[nn.Module, Tensor], Step]  # of a step, and numbers in whose place others will be put


def record_on_gpu(step: nn.Module, numbers: Tensor) -> Step:
    """As two CUDA graphs, one forward and one backward."""
    return torch.cuda.make_graphed_callables(step, (numbers,), allow_unused_input=True)  # type: ignore[return-value]  # as `step`


@define(eq=False)
class Replays:
    """What was recorded in a training."""

    network: Network
    dropouts: Sequence[Dropout]
    parameters: Sequence[nn.Parameter]  # that gradients are needed of
    record: Record = record_on_gpu
    seen: set[tuple[int, Layout]] = Factory(set)
    recorded: dict[tuple[int, Layout], "_Recorded | None"] = Factory(dict)  # None: it cannot be, or gave other bits

    def answers(self, batch: Packed, part: int) -> Tensor:
        """What the network answers to a batch: its gradients, too, are of memory that the next batch is written to."""
        if (found := self._found(batch, part)) is None:
            return self.network(batch, part)  # type: ignore[no-any-return]  # modules are callables of Any
        return found(batch)[: batch.count]

    def _found(self, batch: Packed, part: int) -> "_Recorded | None":
        """What was recorded of such a batch; it is, the second time that one comes."""
        if batch.shipped is None:
            return None
        shape = (part, batch.shipped[1])
        if shape not in self.recorded and shape in self.seen and len(self.recorded) < SHAPES:
            self.recorded[shape] = self._record(batch, part)
        self.seen.add(shape)
        return self.recorded.get(shape)

    def _record(self, batch: Packed, part: int) -> "_Recorded | None":
        assert batch.shipped is not None, "the caller has looked"
        numbers, layout = batch.shipped
        lanes = Lanes(self.dropouts)
        step = _Step(self.network, self.parameters, part, layout, lanes)
        expected = self._tried(step, numbers)
        try:
            found = _Recorded(self.record(step, numbers.clone()), lanes)
            same = all(map(_same, self._tried(found.step, numbers), expected))
        except RuntimeError:  # of operations that cannot be recorded, or of a device that has no memory for it
            return None
        return found if same else None

    def _tried(self, step: Step, numbers: Tensor) -> list[Tensor | None]:
        """Answers, and gradients of a function of them that treats each differently."""
        answers = step(numbers)
        weights = torch.linspace(-1, 1, answers.numel(), device=answers.device, dtype=answers.dtype)
        gradients = torch.autograd.grad(answers, self.parameters, weights.view_as(answers), allow_unused=True)
        return [answers.detach().clone(), *(None if each is None else each.clone() for each in gradients)]


@define(eq=False)
class Lanes:
    """What the dropout of a step draws from, in places that stay the same."""

    dropouts: Sequence[Dropout]
    places: dict[tuple[int, int], Tensor] = Factory(dict)  # of a dropout, and of the time that it draws in the step

    def of(self, dropout: Dropout, shape: torch.Size, device: torch.device) -> Tensor:
        """The place of the draw that comes next."""
        key = (self.dropouts.index(dropout), dropout.times)
        if key not in self.places:
            self.places[key] = torch.empty(shape, dtype=torch.int32, device=device)
            dropout.fill_(self.places[key], dropout.times)
        return self.places[key]

    def refill(self) -> None:
        """Draw what this step of the training draws."""
        for (number, times), place in self.places.items():
            self.dropouts[number].fill_(place, times)


@define(eq=False)
class _Recorded:
    step: Step
    lanes: Lanes

    def __call__(self, batch: Packed) -> Tensor:
        assert batch.shipped is not None, "only such are recorded"
        self.lanes.refill()
        return self.step(batch.shipped[0])


class _Step(nn.Module):
    """A network as a function of the numbers of a batch alone."""

    def __init__(
        self, network: Network, parameters: Sequence[nn.Parameter], part: int, layout: Layout, lanes: Lanes
    ) -> None:
        super().__init__()
        self.network = network
        self.trained = nn.ParameterList(parameters)  # some may stand in for those of the network
        self.part, self.layout, self.lanes = part, layout, lanes

    def forward(self, numbers: Tensor) -> Tensor:
        for dropout in self.lanes.dropouts:
            dropout.times, dropout.lanes = 0, self.lanes
        try:
            return self.network.answers(in_place(numbers, self.layout, count=0), self.part)
        finally:  # as if nothing had been drawn, since what follows may be the step itself
            for dropout in self.lanes.dropouts:
                dropout.times, dropout.lanes = 0, None


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other if one is None or other is None else torch.equal(one, other)
