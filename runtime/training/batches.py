"""Encoded examples, and the batches they are trained and scored in."""

from collections.abc import Iterator

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

from .seeds import numpy_generator, stream

Int = NDArray[np.int64]

# Shapes: N examples, B batch, T tokens, R tokens that the head reads


@frozen(eq=False)
class Encoded:
    """Examples as token ids, all of them in one row, one after another."""

    tokens: NDArray[np.int32]  # ids of all examples
    segments: NDArray[np.int8] | None  # 0 in the first text, 1 in the second; None where the model has no segments
    starts: Int  # (N + 1), where each example begins; the last entry is where the last one ends
    labels: Tensor  # (N), int64 classes or float32 scores
    padding: int  # the id that fills a batch up

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Int:
        return np.diff(self.starts)


@frozen(eq=False)
class Batch:
    """Some examples side by side, filled up to the longest of them."""

    examples: Int  # (B), their numbers in the whole
    inputs: dict[str, Tensor]  # by the names that transformers gives them, (B, T) each
    reads: Tensor  # (R, 2), what the head reads: an example of the batch and a token in it, in their order
    labels: Tensor  # what the loss compares with the head's answers (R, C); here (B)


def collate(encoded: Encoded, examples: Int, device: torch.device) -> Batch:
    """Put examples side by side."""
    lengths = encoded.lengths[examples]
    columns = np.arange(lengths.max())
    is_text = columns < lengths[:, None]  # (B, T)
    places = np.where(is_text, encoded.starts[examples][:, None] + columns, 0)
    inputs = {
        "input_ids": np.where(is_text, encoded.tokens[places], encoded.padding).astype(np.int64),
        "attention_mask": is_text.astype(np.int64),
    }
    if encoded.segments is not None:
        inputs["token_type_ids"] = np.where(is_text, encoded.segments[places], 0).astype(np.int64)
    return Batch(
        examples=examples,
        inputs={name: torch.from_numpy(value).to(device) for name, value in inputs.items()},
        reads=torch.from_numpy(_first_tokens(len(examples))).to(device),
        labels=encoded.labels[torch.from_numpy(examples)].to(device),
    )


def _first_tokens(examples: int) -> Int:
    """The first token of each example."""
    return np.stack([np.arange(examples), np.zeros(examples, dtype=np.int64)], axis=1)


@frozen(eq=False)
class TrainingOrder:
    """Which examples each step of a training sees: a new shuffle every epoch, a function of the seed alone."""

    examples: int
    batch: int
    seed: int
    task: str

    def from_step(self, step: int, until: int) -> Iterator[Int]:
        """The examples of the steps `step` to `until` (half open), counted from the start of the training."""
        per_epoch = -(-self.examples // self.batch)
        epoch, order = -1, np.empty(0, dtype=np.int64)
        for now in range(step, until):
            if now // per_epoch != epoch:
                epoch = now // per_epoch
                order = numpy_generator(stream(self.seed, "order", self.task, epoch)).permutation(self.examples)
            start = now % per_epoch * self.batch
            yield order[start : start + self.batch]


def by_length(encoded: Encoded, batch: int) -> Iterator[Int]:
    """All examples, the longest first, so that little is filled up and a lack of memory shows at once."""
    order = np.argsort(-encoded.lengths, kind="stable")
    for start in range(0, len(order), batch):
        yield order[start : start + batch]
