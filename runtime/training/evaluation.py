"""What a network answers to all examples, without training it."""

import torch
from torch import Tensor

from ..models.network import Network
from .batches import Encoded, by_length, collate

BATCH = 32  # larger ones leave the processor's cache


def outputs(network: Network, examples: Encoded) -> Tensor:
    """The outputs (N, C) for all examples, in their own order, on the CPU."""
    device = next(network.parameters()).device
    network.eval()
    found: list[Tensor] = []
    order: list[int] = []
    with torch.inference_mode():
        for chosen in by_length(examples, BATCH):
            batch = collate(examples, chosen, device)
            found.append(network(batch.inputs).float().cpu())
            order.extend(chosen.tolist())
    together = torch.cat(found)
    answers = torch.empty_like(together)
    answers[torch.tensor(order)] = together
    return answers
