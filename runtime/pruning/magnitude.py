"""Magnitude pruning: the weights nearest to zero go first (Han et al. 2015; paper, section 3)."""

from torch import Tensor

from .material import Material


def scores(material: Material) -> dict[str, Tensor]:
    """|w| of every weight, in fp32."""
    return {name: weight.detach().float().abs() for name, weight in material.weights.items()}
