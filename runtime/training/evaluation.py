"""What a network answers to all examples, without training it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..failures import JobFailed
from ..models.network import Network
from .batches import Encoded, Int, by_length, collate
from .memory import is_out_of_memory
from .seeds import part_of

BATCH = {"cpu": 32, "cuda": 256}  # examples; more leave a processor's cache, and fewer a GPU idle
BITS = part_of(0, "question", "evaluation")  # whatever the seed of a run: all are asked the same

Predictions = Callable[[Tensor, Tensor], Tensor]  # answers (R, C), labels of the batch -> what is kept of them (R, ...)


def predict(network: Network, examples: Encoded, predictions: Predictions, part: int = 0) -> Tensor:
    """What is kept of the answers for all that the head reads (ΣR, ...), in the order of the examples, on the CPU.

    Batches that do not fit into memory are asked half by half.

    Args:
        part: which head answers.

    Raises:
        JobFailed: an answer is no finite number. The likeliest of several such would be a class like any other.
    """
    device = next(network.parameters()).device
    network.eval()
    found: list[Tensor] = []
    owners: list[Int] = []
    most = BATCH[device.type]
    with torch.inference_mode():
        for together in by_length(examples, most):
            begin = 0
            while begin < len(together):
                chosen = together[begin : begin + most]
                try:
                    batch = collate(examples, chosen, device, BITS, network.reads_rows)
                    answers = network(batch.inputs, part).float()
                    _refuse_infinite(answers)
                    found.append(predictions(answers, batch.labels).cpu())
                except Exception as error:
                    if len(chosen) == 1 or not is_out_of_memory(error):
                        raise
                    most = (len(chosen) + 1) // 2
                    continue
                owners.append(batch.examples[batch.reads[:, 0]])
                begin += len(chosen)
    order = np.argsort(np.concatenate(owners), kind="stable")  # what is read of one example stays in its order
    return torch.cat(found)[torch.from_numpy(order)]


def _refuse_infinite(answers: Tensor) -> None:
    if lost := int((~torch.isfinite(answers)).sum()):
        raise JobFailed(
            f"{lost:,} of the {answers.numel():,} numbers that a network answers to a batch are not finite: it has"
            " diverged; a lower rate or a longer warm-up may help"
        )
