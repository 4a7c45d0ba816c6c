"""Dropout that draws from a stream of its own: a function of seed, step and layer, and of nothing else.

So a training that is interrupted and resumed draws what it would have drawn, and neither evaluation nor anything else
in the process moves it. On the CPU, lanes of 16 bits from numpy's SFC64 cost a tenth of torch's bernoulli_.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from attrs import frozen
from torch import Tensor, nn

from ..training.seeds import part_of, stream

LANES = 1 << 16  # values of a lane: shares are rounded to one in 65,536, and the scale is that of the rounded share
BFLOAT16_ONE = np.uint16(0x3F80)  # its bits


@frozen(eq=False)
class Kept:
    """What dropout keeps at one step, and what makes up for the rest."""

    factors: Tensor  # ones where an entry is kept, zeros elsewhere
    scale: float


class Drawn(Protocol):
    """Lanes that are drawn beforehand."""

    def of(self, dropout: "Dropout", shape: torch.Size, device: torch.device) -> Tensor:
        """Whole numbers below `LANES` for the next draw of a dropout."""


class Dropout(nn.Module):
    """Zero each entry with probability `share` while training, and scale the rest so that means stay.

    Where a step goes through the same layer several times, as with layers that are shared, each time has its own draw.
    """

    def __init__(self, share: float, bits: int) -> None:
        super().__init__()
        self.share = self.p = share  # `p` is the name that transformers reads
        self.bits = bits
        self.step = 0
        self.portion = 0  # of the batch of this step, where it is learned in several
        self.times = 0  # that it drew at this step, for this portion
        self.lanes: Drawn | None = None  # None: it draws them itself
        self.threshold = round(share * LANES)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.draw(x.shape, x)
        return x if kept is None else x * kept.factors.mul_(kept.scale)

    def draw(self, shape: Sequence[int], like: Tensor) -> Kept | None:
        """What is kept at this step, on the device and in the type of a tensor. None: everything, as in evaluation."""
        if not self.training or self.threshold == 0:
            return None
        factors = self._factors(torch.Size(shape), like)
        self.times += 1
        return Kept(factors, 1 / (1 - self.threshold / LANES))

    def _factors(self, shape: torch.Size, like: Tensor) -> Tensor:
        if self.lanes is not None:
            return (self.lanes.of(self, shape, like.device) >= self.threshold).to(like.dtype)
        if like.device.type == "cpu":
            return _at_least(self._drawn(shape.numel(), self.times), self.threshold, like.dtype).view(shape)
        lanes = torch.empty(shape, dtype=torch.int32, device=like.device)
        self.fill_(lanes, self.times)
        return (lanes >= self.threshold).to(like.dtype)

    def fill_(self, lanes: Tensor, times: int) -> None:
        """Draw whole numbers below `LANES`, int32.

        Args:
            times: how often it has drawn before, at this step and for this portion.
        """
        if lanes.device.type == "cpu":
            lanes.view(-1).copy_(torch.from_numpy(self._drawn(lanes.numel(), times).astype(np.int32)))
            return
        seed = part_of(self.bits, "step", self.step, *self._later(times))
        lanes.random_(0, LANES, generator=torch.Generator(lanes.device).manual_seed(seed))

    def _drawn(self, count: int, times: int) -> "np.typing.NDArray[np.uint16]":
        source = np.random.SFC64([self.bits, self.step, *self._later(times)])
        return source.random_raw((count + 3) // 4).view(np.uint16)[:count]

    def _later(self, times: int) -> tuple[int, ...]:
        """What tells other draws of a step from the first: the number of the portion, and of the draw for it.

        Where a batch is whole, and no layers are shared, there is no other.
        """
        if times:
            return (self.portion, times)
        return (self.portion,) if self.portion else ()

    def extra_repr(self) -> str:
        return f"share={self.share}"


def _at_least(lanes: "np.typing.NDArray[np.uint16]", threshold: int, dtype: torch.dtype) -> Tensor:
    """Ones and zeros; numpy compares and converts at once, in half of torch's time."""
    if dtype == torch.bfloat16:  # unknown to numpy
        ones = np.empty(lanes.shape, dtype=np.uint16)
        np.greater_equal(lanes, threshold, out=ones, casting="unsafe")
        ones *= BFLOAT16_ONE
        return torch.from_numpy(ones).view(torch.bfloat16)
    found = np.empty(lanes.shape, dtype=np.float32)
    np.greater_equal(lanes, threshold, out=found, casting="unsafe")
    return torch.from_numpy(found).to(dtype)


def plant_dropout(network: nn.Module, seed: int, *names: str) -> tuple[Dropout, ...]:
    """Replace every nn.Dropout of a network by ours, each with the stream of its place. Returns the new ones."""
    planted = []
    for place, module in list(network.named_modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Dropout):
                layer = f"{place}.{name}".lstrip(".")
                dropout = Dropout(child.p, stream(seed, "dropout", *names, layer))
                setattr(module, name, dropout)
                planted.append(dropout)
    return tuple(planted)


def set_step(dropouts: Sequence[Dropout], step: int, portion: int = 0) -> None:
    """Tell every layer which step of the training this is, and which portion of its batch."""
    for dropout in dropouts:
        dropout.step, dropout.portion, dropout.times = step, portion, 0
