"""Encoded examples, and the batches they are trained and scored in."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

from ..models.packing import Packed, pack
from .seeds import numpy_generator, stream

Int = NDArray[np.int64]

# Shapes: N examples, B batch, R tokens that the head reads; ΣT tokens of a batch, one after another


@frozen(eq=False)
class Asked:
    """What a batch asks of the network."""

    tokens: Int  # (ΣT), what the network sees
    reads: Int  # (R, 2), what the head reads: an example of the batch and a token in it, in their order
    labels: Tensor  # what the loss compares with the answers (R, C)


class Question(Protocol):
    """What is asked of each example. A kind of task has its own."""

    def ask(self, examples: Int, tokens: Int, lengths: Int, bits: int) -> Asked:
        """Ask a batch.

        Args:
            examples: (B), their numbers in the whole.
            tokens: (ΣT), as they are in the text.
            lengths: (B), tokens of each example.
            bits: of the stream that this question draws from, if it draws at all.
        """


@frozen(eq=False)
class WholeInput:
    """One answer for each example: the head reads its first token."""

    labels: Tensor  # (N), int64 classes or float32 scores

    def ask(self, examples: Int, tokens: Int, lengths: Int, bits: int) -> Asked:
        """See `Question`."""
        first = np.stack([np.arange(len(examples)), np.zeros_like(examples)], axis=1)
        return Asked(tokens, first, self.labels[torch.from_numpy(examples)])


@frozen(eq=False)
class Encoded:
    """Examples as token ids, all of them in one row."""

    tokens: NDArray[Any]  # whole numbers, ids of all examples; perhaps a file in place of memory
    segments: NDArray[np.int8] | None  # 0 in the first text, 1 in the second; None where the model has no segments
    starts: Int  # (N), where each example begins
    lengths: Int  # (N)
    question: Question

    def __len__(self) -> int:
        return len(self.starts)


@frozen(eq=False)
class Batch:
    """Some examples, and what is asked of them."""

    examples: Int  # (B), their numbers in the whole
    inputs: Packed
    reads: Int  # (R, 2), as `Asked` has it
    labels: Tensor
    bits: int  # of the stream that their question drew from


def collate(encoded: Encoded, examples: Int, device: torch.device, bits: int, in_rows: bool = False) -> Batch:
    """Put examples together, without padding.

    Args:
        bits: of the stream that their question draws from.
        in_rows: see `pack`.
    """
    lengths = encoded.lengths[examples]
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1]) + np.repeat(encoded.starts[examples] - (ends - lengths), lengths)  # (ΣT)
    asked = encoded.question.ask(examples, np.asarray(encoded.tokens[places], dtype=np.int64), lengths, bits)
    segments = None if encoded.segments is None else encoded.segments[places].astype(np.int64)
    return Batch(
        examples=examples,
        inputs=pack(asked.tokens, segments, lengths, asked.reads, device, in_rows),
        reads=asked.reads,
        labels=_there(asked.labels, device),
        bits=bits,
    )


def _there(labels: Tensor, device: torch.device) -> Tensor:
    """On a GPU while it computes something else."""
    return labels.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else labels.to(device)


@frozen(eq=False)
class TrainingOrder:
    """Which examples each step of a training sees: a new shuffle every epoch, a function of the seed alone."""

    examples: int
    batch: int
    seed: int
    task: str
    masking: int | None = None  # the seed of questions; None: that of the order

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

    def bits(self, step: int) -> int:
        """Of the stream that the questions of a step draw from: another one every epoch."""
        seed = self.seed if self.masking is None else self.masking
        return stream(seed, "question", self.task, step // -(-self.examples // self.batch))


def by_length(encoded: Encoded, batch: int) -> Iterator[Int]:
    """All examples, the longest first, so that little is filled up and a lack of memory shows at once."""
    order = np.argsort(-encoded.lengths, kind="stable")
    for start in range(0, len(order), batch):
        yield order[start : start + batch]
