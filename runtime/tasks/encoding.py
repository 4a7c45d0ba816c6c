"""Texts -> token ids, by the tokenizer of the model folder."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ticketlang.study import Task

from ..training.batches import Encoded, WholeInput
from .examples import Split, limited, load_examples
from .prepared import Materials, Prepared, is_same_split

AT_ONCE = 10_000  # examples: Python's lists of numbers take ten times the room of the arrays they become


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False, use_fast=True)


def prepare(task: Task, materials: Materials) -> Prepared:
    """The examples of a task with one answer for each input.

    Raises:
        BadData: with the first mistake in the data.
    """
    examples = limited(task, load_examples(task, materials.place), materials.subset_seed)

    def encoded(split: Split) -> Encoded:
        return encode(split, materials.tokenizer, task.length)

    score = encoded(examples.score)
    return Prepared(
        train=encoded(examples.train),
        score=score,
        best=score if is_same_split(task) else None if examples.best is None else encoded(examples.best),
        classes=examples.classes,
    )


def encode(split: Split, tokenizer: PreTrainedTokenizerBase, length: int) -> Encoded:
    """Token ids of all examples; of a pair that is too long, the longer text is cut token by token.

    Args:
        length: tokens of one example at most, the special ones among them.
    """
    tokens, segments = [], []
    lengths: list[int] = []
    has_segments = "token_type_ids" in tokenizer.model_input_names
    for start in range(0, len(split), AT_ONCE):
        texts = [column[start : start + AT_ONCE] for column in split.texts]
        found = tokenizer(*texts, truncation="longest_first", max_length=length, return_token_type_ids=has_segments)
        tokens.append(np.concatenate(found["input_ids"]).astype(np.int32))
        if has_segments:
            segments.append(np.concatenate(found["token_type_ids"]).astype(np.int8))
        lengths.extend(map(len, found["input_ids"]))
    return Encoded(
        tokens=np.concatenate(tokens),
        segments=np.concatenate(segments) if has_segments else None,
        starts=np.cumsum([0, *lengths[:-1]]),
        lengths=np.array(lengths),
        question=WholeInput(torch.from_numpy(split.labels)),
    )


def whole_labels(encoded: Encoded) -> NDArray[Any]:
    """The labels (N) of examples with one answer for each input."""
    assert isinstance(encoded.question, WholeInput)
    return encoded.question.labels.numpy()
