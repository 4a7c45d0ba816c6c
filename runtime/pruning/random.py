"""Random masks: one order of all weights a seed, so that their levels nest, and so do those of random tickets."""

import numpy as np
import torch
from torch import Tensor

from ..training.seeds import numpy_generator, stream
from .material import Material
from .units import Group


def scores(material: Material) -> dict[str, Tensor]:
    """A random rank for every weight; each matrix has a stream of its own, whatever the scope around it."""
    return {name: _ranks(weight.shape, material.seed, name) for name, weight in material.weights.items()}


def unit_scores(material: Material, group: Group) -> Tensor:
    """A random rank for each unit: (units,)."""
    return _ranks(torch.Size((group.count,)), material.seed, group.name)


def _ranks(shape: torch.Size, seed: int, name: str) -> Tensor:
    drawn = numpy_generator(stream(seed, "mask", name)).integers(0, 1 << 31, shape.numel(), dtype=np.int32)
    return torch.from_numpy(drawn).view(shape)
