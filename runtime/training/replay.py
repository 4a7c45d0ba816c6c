"""Forward and backward of a batch, recorded once for each shape of batches and replayed, on a GPU.

Starting its thousand operations one by one takes a GPU longer than they do, where models and batches are as small as
here. A recording is of addresses: weights stay where they are, and the numbers of a batch and of its dropout are
written over those of the batch before. Each is made with one batch and tried on another: if that has not the very bits
of the operations themselves, or the device cannot record, nothing is replayed, and steps are taken as ever.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from attrs import Factory, define
from torch import Tensor, nn

from ..models.dropout import Dropout
from ..models.network import Network
from ..models.packing import Packed, in_place
from ..models.rows import Layout

SHAPES = 16  # recorded at most, since each keeps the memory of a step
TIMES = 8  # that a shape comes before it is recorded, which costs about as many steps

Step = Callable[[Tensor], Tensor]  # numbers of a batch -> what the network answers
Record = Callable[[nn.Module, Tensor, Any], Step]  # of a step, numbers in whose place others will be put, and memory
Shape = tuple[int, Layout]  # the part of the training that a batch belongs to, and the shapes of its numbers


def record_on_gpu(step: nn.Module, numbers: Tensor, pool: Any) -> Step:
    """As two CUDA graphs, one forward and one backward; all recordings may share their memory, used one at a time."""
    with torch.cuda.stream(torch.cuda.current_stream()), _streams_of_its_own():  # back here, wherever it fails
        return torch.cuda.make_graphed_callables(step, (numbers,), allow_unused_input=True, pool=pool)  # type: ignore[return-value]  # as `step`


@contextmanager
def _streams_of_its_own() -> Iterator[None]:
    """Within it, autograd takes the stream of the recording for all that it did on others; from then on, it does not
    warn of that."""
    graph: Any = torch.autograd.graph  # later releases of torch have words for it
    if hasattr(graph, "set_warn_on_accumulate_grad_stream_mismatch"):
        graph.set_warn_on_accumulate_grad_stream_mismatch(False)
    if not hasattr(graph, "set_override_stale_capture_stream"):
        yield
        return
    graph.set_override_stale_capture_stream(True)
    try:
        yield
    finally:
        graph.set_override_stale_capture_stream(False)


@define(eq=False)
class Replays:
    """What was recorded in a training."""

    network: Network
    dropouts: Sequence[Dropout]
    parameters: Sequence[nn.Parameter]  # that gradients are needed of
    record: Record = record_on_gpu
    pool: Any = None  # the memory of recordings
    times: Counter[Shape] = Factory(Counter)  # that a batch of each shape has come
    before: dict[Shape, Tensor] = Factory(dict)  # numbers of the last batch of each shape that is to be recorded next
    recorded: "dict[Shape, _Recorded]" = Factory(dict)
    cannot: bool = False  # record on this device, or not with the same bits

    def answers(self, batch: Packed, part: int) -> Tensor:
        """What the network answers to a batch: its gradients, too, are of memory that the next batch is written to."""
        if batch.shipped is None or (found := self._found(batch, part)) is None:
            return self.network(batch, part)  # type: ignore[no-any-return]  # modules are callables of Any
        return found.replay(batch.shipped[0])[: batch.count]

    def forget(self) -> None:
        """Give the memory of all recordings back, and make no more."""
        had = bool(self.recorded) or self.pool is not None
        self.cannot, self.pool = True, None
        self.recorded.clear()
        self.before.clear()
        if had:
            gc.collect()  # what is recorded refers to itself, and holds memory that the collector does not see
            torch.cuda.empty_cache()

    def _found(self, batch: Packed, part: int) -> "_Recorded | None":
        """What was recorded of such batches, which is done when several have come."""
        if self.cannot or batch.shipped is None:
            return None
        numbers, layout = batch.shipped
        shape = (part, layout)
        if shape in self.recorded:
            return self.recorded[shape]
        self.times[shape] += 1
        if self.times[shape] < TIMES or len(self.recorded) >= SHAPES:
            return None
        if shape not in self.before or torch.equal(self.before[shape], numbers):
            self.before[shape] = numbers
            return None
        if not self._record(shape, batch):
            self.forget()  # out of the recording, which holds on to all it had
        return self.recorded.get(shape)

    def _record(self, shape: Shape, batch: Packed) -> bool:
        """Record a step with the batch before, and try it on this one. Returns whether it gives the same bits."""
        part, layout = shape
        assert batch.shipped is not None, "the caller has looked"
        numbers, before = batch.shipped[0], self.before.pop(shape)
        lanes = Lanes(self.dropouts)
        step = _Step(self.network, self.parameters, part, layout, lanes)
        try:
            if self.pool is None and numbers.is_cuda:
                self.pool = torch.cuda.graph_pool_handle()
            expected = self._tried(lambda _: self.network.answers(batch, part), numbers)
            with torch.no_grad():
                step(numbers)  # finds the places of its lanes
            lanes.spoil()  # so that what was not written anew would show
            recorded = _Recorded(self.record(step, before.clone(), self.pool), lanes)
            found = self._tried(recorded.replay, numbers)
        except RuntimeError:  # an operation that cannot be recorded, or no memory for it
            return False
        if not all(map(_same, found, expected)):
            return False
        self.recorded[shape] = recorded
        return True

    def _tried(self, step: Step, numbers: Tensor) -> list[Tensor | None]:
        """Answers, and gradients of a function of them that treats each differently, at the first draws of a step."""
        self._draw_anew()
        answers = step(numbers)
        weights = torch.linspace(-1, 1, answers.numel(), device=answers.device, dtype=answers.dtype)
        gradients = torch.autograd.grad(answers, self.parameters, weights.view_as(answers), allow_unused=True)
        self._draw_anew()
        return [answers.detach().clone(), *(None if each is None else each.clone() for each in gradients)]

    def _draw_anew(self) -> None:
        for dropout in self.dropouts:
            dropout.times = 0


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

    def spoil(self) -> None:
        """Have everything dropped."""
        for place in self.places.values():
            place.zero_()


@define(eq=False)
class _Recorded:
    step: Step
    lanes: Lanes

    def replay(self, numbers: Tensor) -> Tensor:
        self.lanes.refill()
        return self.step(numbers)


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
            dropout.lanes = self.lanes
        try:
            return self.network.answers(in_place(numbers, self.layout, count=0), self.part)
        finally:  # as if nothing had been drawn, since what follows may be the step itself
            for dropout in self.lanes.dropouts:
                dropout.times, dropout.lanes = 0, None


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other if one is None or other is None else torch.equal(one, other)
