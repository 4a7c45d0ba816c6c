"""What a network answers to all examples, without training it."""

import numpy as np
import torch
from torch import Tensor

from ..models.network import Network
from .batches import Encoded, Int, by_length, collate

BATCH = 32  # larger ones leave the processor's cache


def outputs(network: Network, examples: Encoded) -> Tensor:
    """The answers for all that the head reads (ΣR, C), in the order of the examples, on the CPU."""
    device = next(network.parameters()).device
    network.eval()
    found: list[Tensor] = []
    owners: list[Int] = []
    with torch.inference_mode():
        for chosen in by_length(examples, BATCH):
            batch = collate(examples, chosen, device)
            found.append(network(batch.inputs, batch.reads).float().cpu())
            owners.append(batch.examples[batch.reads[:, 0].cpu().numpy()])
    order = np.argsort(np.concatenate(owners), kind="stable")  # what is read of one example stays in its order
    return torch.cat(found)[torch.from_numpy(order)]
