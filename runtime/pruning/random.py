"""Random masks: one order of all weights a seed, so that its levels nest."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..training.seeds import numpy_generator, stream


def scores(shapes: Mapping[str, torch.Size], seed: int) -> dict[str, Tensor]:
    """A random rank for every weight; each matrix has a stream of its own, whatever the scope around it."""
    return {name: _ranks(shape, stream(seed, "mask", name)) for name, shape in shapes.items()}


def _ranks(shape: torch.Size, bits: int) -> Tensor:
    drawn = numpy_generator(bits).integers(0, 1 << 31, shape.numel(), dtype=np.int32)
    return torch.from_numpy(drawn).view(shape)
