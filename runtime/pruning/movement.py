"""Movement pruning: the weights that a training moved towards zero go first (Sanh et al. 2020, section 3, equation 4).

The score is -(w * dL/dw), summed over the steps of the training before the pruning. The paper learns scores and weights
at once and lets a removed weight come back; here what is removed stays removed, and scores are those of what is there.
"""

from torch import Tensor

from .material import Material


def scores(material: Material) -> dict[str, Tensor]:
    """-(w * dL/dw) of every weight, summed over a training: above zero where a step took it further from zero."""
    return {name: -product for name, product in material.products.items()}
