"""Magnitude pruning: the weights nearest to zero go first (Han et al. 2015; paper, algorithm 1)."""

from collections.abc import Mapping

from torch import Tensor

from .lazily import each
from .material import Material
from .units import Group


def scores(material: Material) -> Mapping[str, Tensor]:
    """|w| of every weight, in fp32."""
    return each(material.weights, lambda weight: weight.detach().float().abs())


def unit_scores(material: Material, group: Group) -> Tensor:
    """The L2 norm of all weights of each unit, in fp32: (units,)."""
    squares = sum(block.detach().double().square().sum(1) for block in group.blocks(material.weights))
    assert isinstance(squares, Tensor), "a unit has matrices"
    return squares.sqrt().float()
