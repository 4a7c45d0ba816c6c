"""Forward and backward; and batches that do not fit into memory, learned in portions that add up to the whole.

A loss is a mean over what it compares (examples, windows, hidden words), so each portion counts by its share of that.
Sums are then added up in another order, and each portion draws its own dropout: what is learned means the same, and
differs in the last digits. Which batches were learned so is part of what a training tells.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from attrs import define, field
from torch import Tensor

from ..failures import JobFailed
from ..models.dropout import Dropout, set_step
from ..models.network import Network
from .batches import Batch, collate
from .memory import is_out_of_memory
from .replay import Replays
from .turns import Part


@define(eq=False)
class Learner:
    """Learns batches: whole, until one is too large."""

    network: Network
    parts: Sequence[Part]
    forget: Callable[[], None]  # drops gradients: those of a try that failed
    dropouts: Sequence[Dropout] = ()
    size: int | None = None  # examples at once; None: all of a batch
    changes: list[tuple[int, int]] = field(factory=list)  # from which step on, at most how many examples at once
    replays: Replays | None = field(default=None, kw_only=True)  # None: operations are started one by one

    def learn(self, batch: Batch, part: int, step: int, meanwhile: Callable[[], None] = lambda: None) -> float:
        """Leaves gradients behind, and tells the loss. Tries smaller portions as often as needed.

        Args:
            meanwhile: what there is to do while a GPU computes.

        Raises:
            JobFailed: a single example does not fit.
        """
        losses = self._started(batch, part, step)
        meanwhile()
        return math.fsum(loss.item() for loss in losses)

    def _started(self, batch: Batch, part: int, step: int) -> list[Tensor]:
        while True:
            try:
                return self._start(batch, part, step)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            # Out of the handler, which holds on to all that the failed try had.
            self.forget()
            if self.replays is not None and self.replays.recorded:
                self.replays.forget()  # whose memory may be what there is too little of
            else:
                self._halve(batch, step)

    def close(self) -> None:
        """Give back what was held for the next step."""
        if self.replays is not None:
            self.replays.forget()

    def put_back_(self, changes: Sequence[Sequence[int]]) -> None:
        """Go on with the portions of an earlier try."""
        self.changes = [(step, size) for step, size in changes]
        self.size = self.changes[-1][1] if self.changes else None

    def _start(self, batch: Batch, part: int, step: int) -> list[Tensor]:
        """Forward and backward; the share of each portion in the loss."""
        losses = []
        for number, portion in enumerate(self._portions(batch, part)):
            set_step(self.dropouts, step, number)
            value = self.parts[part].loss(self._answers(portion, part, portion is batch), portion.labels)
            if portion is not batch:
                value = value * (len(portion.labels) / len(batch.labels))
            value.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
            losses.append(value.detach())
        return losses

    def _answers(self, batch: Batch, part: int, is_whole: bool) -> Tensor:
        """Of portions, gradients add up, and those of a replay lie where the next one writes."""
        if self.replays is None or not is_whole:
            return self.network(batch.inputs, part)  # type: ignore[no-any-return]  # modules are callables of Any
        return self.replays.answers(batch.inputs, part)

    def _portions(self, batch: Batch, part: int) -> Iterator[Batch]:
        if self.size is None or self.size >= len(batch.examples):
            yield batch
            return
        for first in range(0, len(batch.examples), self.size):
            chosen = batch.examples[first : first + self.size]
            yield collate(self.parts[part].examples, chosen, batch.labels.device, batch.bits, self.network.reads_rows)

    def _halve(self, batch: Batch, step: int) -> None:
        size = min(self.size or len(batch.examples), len(batch.examples))
        if size == 1:
            raise JobFailed(
                f"example {batch.examples[0]} by itself does not fit into memory, at step {step}; say a shorter"
                " `length`, or run fewer `--workers`"
            )
        self.size = (size + 1) // 2
        self.changes.append((step, self.size))
        if batch.labels.is_cuda:
            torch.cuda.empty_cache()  # pieces of the failed try, each too small for the next one
