"""Shares by Erdős and Rényi: the larger a matrix is, the more of it goes (Mocanu et al. 2018; "ERK", Evci et al. 2020).

A matrix of n rows and m columns keeps e (n + m) weights, where one e serves all, and never more than it has: those that
would are kept whole, and e is found anew for the others. Matrices have no kernels, so that ERK is this.
"""

from collections.abc import Mapping
from fractions import Fraction

import torch

from ticketlang.units import Sparsity


def removed_of_each(shapes: Mapping[str, torch.Size], sparsity: Sparsity) -> dict[str, int]:
    """How many weights of each matrix go, round-half-even of what is kept in each."""
    whole: set[str] = set()
    budget = (1 - sparsity.fraction) * sum(shape.numel() for shape in shapes.values())
    while True:
        others = {name: shape for name, shape in shapes.items() if name not in whole}
        left = budget - sum(shapes[name].numel() for name in whole)
        each = left / sum(sum(shape) for shape in others.values()) if others else Fraction(0)
        too_small = {name for name, shape in others.items() if each * sum(shape) > shape.numel()}
        if not too_small:
            break
        whole |= too_small
    return {name: 0 if name in whole else shape.numel() - round(each * sum(shape)) for name, shape in shapes.items()}
