"""SNIP: the weights whose removal would change the loss least go first (Lee et al. 2019, section 4, equations 4 and 5).

The connection sensitivity of a weight is the derivative of the loss by a factor on it, at one: |w * dL/dw|. The paper
divides by the sum of all, which changes no order. Several batches count as one large one: L is the mean over all of
their examples. Dropout is off.
"""

from torch import Tensor

from .material import Material


def scores(material: Material) -> dict[str, Tensor]:
    """|w * dL/dw| of every weight, in fp32."""
    return {name: product.abs() for name, product in material.products.items()}
