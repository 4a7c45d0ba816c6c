"""A score for a pair of texts, such as their similarity: one output, mean squared error."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from ..training.batches import Encoded
from .encoding import prepare, whole_labels

__all__ = ["loss", "majority", "outputs", "predictions", "prepare", "scored"]

Values = NDArray[Any]

# Shapes: B batch, N examples


def outputs(classes: int | None) -> int:
    """How many numbers the head gives."""
    return 1


def loss(answers: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error of (B, 1) against (B)."""
    return torch.nn.functional.mse_loss(answers.squeeze(-1), labels)


def predictions(answers: Tensor, labels: Tensor) -> Tensor:
    """(N, 1) -> (N)."""
    return answers.squeeze(-1)


def scored(found: Tensor, examples: Encoded) -> tuple[Values, Values]:
    """Labels and predictions (N)."""
    return whole_labels(examples), found.numpy()


def majority(examples: Encoded) -> None:
    """Scores have no most frequent class."""
    return
