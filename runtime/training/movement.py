"""How a training pulls on the weights: w * dL/dw of every weight, summed over its steps (Sanh et al. 2020)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Movement:
    """Adds up, at each step, the products of the weights that the step begins with and their gradients, unclipped."""

    def __init__(self, parameters: Mapping[str, nn.Parameter]) -> None:
        self.parameters = dict(parameters)
        self.products = {name: torch.zeros_like(p, requires_grad=False) for name, p in parameters.items()}

    def add_(self) -> None:
        """To be called between the backward pass and the step."""
        for name, parameter in self.parameters.items():
            if parameter.grad is not None:
                self.products[name].addcmul_(parameter.detach(), parameter.grad)

    def state(self) -> dict[str, Tensor]:
        """The sums so far, on the CPU."""
        return {name: product.cpu() for name, product in self.products.items()}

    def put_back_(self, sums: Mapping[str, Tensor]) -> None:
        for name, product in self.products.items():
            product.copy_(sums[name])
