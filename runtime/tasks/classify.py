"""Classification of one text or of a pair: labels are whole numbers from 0, or names."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..training.batches import Encoded
from .encoding import prepare, whole_labels

__all__ = ["loss", "majority", "outputs", "predictions", "prepare", "scored"]

Values = NDArray[Any]

# Shapes: B batch, N examples, C classes


def outputs(classes: int | None) -> int:
    """How many numbers the head gives."""
    if classes is None:
        raise ValueError("a classification has classes")
    return max(classes, 2)


def loss(answers: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of (B, C) against (B), a mean over the batch."""
    return torch.nn.functional.cross_entropy(answers, labels)


def predictions(answers: Tensor, labels: Tensor) -> Tensor:
    """(N, C) -> (N), the class with the largest output; of equals the first."""
    return answers.argmax(dim=-1)


def scored(found: Tensor, examples: Encoded) -> tuple[Values, Values]:
    """Labels and predictions (N)."""
    return whole_labels(examples), found.numpy()


def majority(examples: Encoded) -> int | None:
    """The most frequent class; of equals the first."""
    return int(np.bincount(whole_labels(examples)).argmax())
