"""What a network answers to all examples, without training it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..models.network import Network
from .batches import Encoded, Int, by_length, collate
from .seeds import stream

BATCH = 32  # larger ones leave the processor's cache
BITS = stream(0, "question", "evaluation")  # whatever the seed of a run: all are asked the same

Predictions = Callable[[Tensor, Tensor], Tensor]  # answers (R, C), labels of the batch -> what is kept of them (R, ...)


def predict(network: Network, examples: Encoded, predictions: Predictions, part: int = 0) -> Tensor:
    """What is kept of the answers for all that the head reads (ΣR, ...), in the order of the examples, on the CPU.

    Args:
        part: which head answers.
    """
    device = next(network.parameters()).device
    network.eval()
    found: list[Tensor] = []
    owners: list[Int] = []
    with torch.inference_mode():
        for chosen in by_length(examples, BATCH):
            batch = collate(examples, chosen, device, BITS)
            answers = network(batch.inputs, part).float()
            found.append(predictions(answers, batch.labels).cpu())
            owners.append(batch.examples[batch.reads[:, 0]])
    order = np.argsort(np.concatenate(owners), kind="stable")  # what is read of one example stays in its order
    return torch.cat(found)[torch.from_numpy(order)]
