"""Movement pruning: the weights that a training moved towards zero go first (Sanh et al. 2020, section 3, equation 4).

The score is -(w * dL/dw), summed over the steps of the training before the pruning. The paper learns scores and weights
at once and lets a removed weight come back; here what is removed stays removed, and scores are those of what is there.
"""

from collections.abc import Mapping

from torch import Tensor

from .lazily import each
from .material import Material


def scores(material: Material) -> Mapping[str, Tensor]:
    """-(w * dL/dw) of every weight, summed over a training: above zero where a step took it further from zero."""
    return each(material.products, lambda product: -product)
