"""Dropout that draws from a stream of its own: a function of seed, step and layer, and of nothing else.

So a training that is interrupted and resumed draws what it would have drawn, and neither evaluation nor anything else
in the process moves it. On the CPU, lanes of 16 bits from numpy's SFC64 cost a tenth of torch's bernoulli_.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .seeds import stream

LANES = 1 << 16  # values of a lane: shares are rounded to one in 65,536, and the scale is that of the rounded share


class Dropout(nn.Module):
    """Zero each entry with probability `share` while training, and scale the rest so that means stay."""

    def __init__(self, share: float, bits: int) -> None:
        super().__init__()
        self.share = self.p = share  # `p` is the name that transformers reads
        self.bits = bits
        self.step = 0
        self.threshold = round(share * LANES)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.threshold == 0:
            return x
        kept_share = 1 - self.threshold / LANES
        return x * self.draw(x.shape, x.device).mul_(1 / kept_share)

    def draw(self, shape: torch.Size, device: torch.device) -> Tensor:
        """Ones where an entry is kept at this step, zeros elsewhere."""
        if device.type == "cpu":
            count = shape.numel()
            source = np.random.SFC64([self.bits, self.step])
            lanes = source.random_raw((count + 3) // 4).view(np.uint16)[:count]
            return torch.from_numpy((lanes >= self.threshold).astype(np.float32)).view(shape)
        generator = torch.Generator(device).manual_seed(stream(self.bits, "step", self.step))
        lanes_there = torch.randint(LANES, shape, generator=generator, device=device, dtype=torch.int32)
        return (lanes_there >= self.threshold).to(torch.float32)

    def extra_repr(self) -> str:
        return f"share={self.share}"


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


def set_step(dropouts: Sequence[Dropout], step: int) -> None:
    """Tell every layer which step of the training this is."""
    for dropout in dropouts:
        dropout.step = step
