"""SNIP: the weights whose removal would change the loss least go first (Lee et al. 2019, section 4, equations 4 and 5).

The connection sensitivity of a weight is the derivative of the loss by a factor on it, at one: |w * dL/dw|. The paper
divides by the sum of all, which changes no order. Several batches count as one large one: L is the mean over all of
their examples. Dropout is off.

A factor on a whole unit is the gate of Michel et al. 2019 (section 4, equation 2): its derivative is the sum of
w * dL/dw over the weights through which the unit is heard. They take the mean of its absolute value over examples, and
SNIP the absolute value of its mean, as here.
"""

from collections.abc import Mapping

from torch import Tensor

from .lazily import each
from .material import Material
from .units import Group


def scores(material: Material) -> Mapping[str, Tensor]:
    """|w * dL/dw| of every weight, in fp32."""
    return each(material.products, Tensor.abs)


def unit_scores(material: Material, group: Group) -> Tensor:
    """|dL/dg| of the gate g on each unit, in fp32: (units,)."""
    return group.outputs(material.products).double().sum(1).abs().float()
