"""Tasks that take turns in a training, and the batch of each step."""

from collections.abc import Callable, Iterator, Sequence

import torch
from attrs import define, frozen
from torch import Tensor

from .batches import Batch, Encoded, TrainingOrder, collate

Loss = Callable[[Tensor, Tensor], Tensor]  # answers (R, C), labels of the batch -> a mean


@frozen(eq=False)
class Part:
    """One of several tasks that a network is trained on by turns; its head is that of the same number."""

    examples: Encoded
    order: TrainingOrder
    loss: Loss


Turn = tuple[int, int, Batch]  # step, the number of its part, and what is learned


@define
class Ahead:
    """Turns, of which the next one can be made before it is asked for."""

    turns: Iterator[Turn]
    coming: Turn | None = None

    def prepare(self) -> None:
        """Make the next one, if there is one more."""
        if self.coming is None:
            self.coming = next(self.turns, None)

    def __iter__(self) -> Iterator[Turn]:
        self.prepare()
        while (turn := self.coming) is not None:
            self.coming = None
            yield turn
            self.prepare()


def turns(parts: Sequence[Part], begins: int, ends: int, device: torch.device, in_rows: bool = False) -> Iterator[Turn]:
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
        yield step, step % several, collate(part.examples, next(orders[step % several]), device, bits, in_rows)
