"""A score for a pair of texts, such as their similarity: one output, mean squared error."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ticketlang.diagnostics import BadLabel
from ticketlang.study import Task

from ..training.batches import Encoded
from .bad_data import BadData, place_of
from .encoding import prepare, whole_labels
from .examples import check, labels_of
from .table import Table

__all__ = ["check", "loss", "majority", "outputs", "predictions", "prepare", "read_labels", "scored"]

Values = NDArray[Any]

# Shapes: B batch, N examples


def read_labels(task: Task, tables: Mapping[str, Table]) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The scores of each split; there are no classes.

    Raises:
        BadData: for a label that is no finite number.
    """
    labels = {}
    for split, table in tables.items():
        column = labels_of(task, table)
        for row, value in enumerate(column, start=1):
            if not math.isfinite(_number(value)):
                shown = "nothing" if value is None else str(value)[:40]
                raise BadData(BadLabel(at=place_of(task, "label"), value=shown, row=row, split=split))
        labels[split] = np.array([_number(value) for value in column], dtype=np.float32)
    return labels, None


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


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
