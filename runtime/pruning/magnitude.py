"""Magnitude pruning: the weights nearest to zero go first (Han et al. 2015; paper, section 3)."""

from collections.abc import Mapping

from torch import Tensor


def scores(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """|w| of every weight, in fp32."""
    return {name: weight.detach().float().abs() for name, weight in weights.items()}
