"""LAMP: layer-adaptive magnitudes, so that one threshold finds the share of each matrix (Lee et al. 2021, equation 1).

The score of a weight is its square over the sum of the squares in its matrix that are no smaller: the square of the
distortion that its removal makes, as a share of what is left once all smaller ones are gone.
"""

import torch
from torch import Tensor

from .material import Material
from .single import to_double, to_single


def scores(material: Material) -> dict[str, Tensor]:
    """w[u]^2 over the sum of w[v]^2 for all v from u on, in ascending order of magnitude; of equals the first first."""
    return {name: _scores(to_double(weight)) for name, weight in material.weights.items()}


def _scores(weight: Tensor) -> Tensor:
    squares = weight.square().flatten()
    ascending = squares.argsort(stable=True)
    left = squares[ascending].flip(0).cumsum(0).flip(0)  # what is there when a weight's turn comes, itself included
    scored = torch.empty_like(squares)
    scored[ascending] = squares[ascending] / left.clamp_min(torch.finfo(torch.double).tiny)
    return to_single(scored).view(weight.shape)
