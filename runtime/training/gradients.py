"""Gradients of a loss at the weights as they are, without a step: the mean over the first batches of a training."""

from collections.abc import Collection

import torch
from torch import Tensor

from ..models.network import Network
from .batches import Encoded
from .learner import Learner
from .loop import Training
from .turns import Part, turns


def mean_gradients(
    network: Network, examples: Encoded, training: Training, batches: int, names: Collection[str]
) -> tuple[dict[str, Tensor], int]:
    """The gradient of the mean loss over the examples of the first batches, without dropout.

    The loss of a batch counts by its examples: that of masked words by its blocks, however many words are hidden in
    each. Tasks that are trained jointly take turns, as in the training.

    Args:
        batches: as many of them; those of one epoch at most, since a second one would show the same examples again.
        names: parameters of the trunk. One that the loss does not depend on has a gradient of zero.

    Returns:
        The gradients, fp32 on the CPU, and the number of examples they are a mean over.
    """
    device = next(network.parameters()).device
    trunk = dict(network.trunk.named_parameters())
    parameters = {name: trunk[name] for name in names}
    sums = {name: torch.zeros_like(parameter, requires_grad=False) for name, parameter in parameters.items()}
    parts = (Part(examples, training.order, training.loss), *training.joined)
    seen = 0
    network.eval()
    learner = Learner(network, parts, lambda: network.zero_grad(set_to_none=True))
    until = min(batches, training.schedule.steps_per_epoch)
    for step, part, batch in turns(parts, 0, until, device, network.reads_rows):
        network.zero_grad(set_to_none=True)
        learner.learn(batch, part, step)
        seen += len(batch.examples)
        for name, parameter in parameters.items():
            if parameter.grad is not None:
                sums[name].add_(parameter.grad, alpha=len(batch.examples))  # losses are means over their batch
    network.zero_grad(set_to_none=True)
    return {name: (total / seen).cpu() for name, total in sums.items()}, seen
