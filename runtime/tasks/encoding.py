"""Texts -> token ids, by the tokenizer of the model folder."""

from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ..training.batches import Encoded
from .examples import Split


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False, use_fast=True)


def encode(split: Split, tokenizer: PreTrainedTokenizerBase, length: int) -> Encoded:
    """Token ids of all examples; of a pair that is too long, the longer text is cut token by token.

    Args:
        length: tokens of one example at most, the special ones among them.
    """
    found = tokenizer(*split.texts, truncation="longest_first", max_length=length, padding=False)
    has_segments = "token_type_ids" in tokenizer.model_input_names
    return Encoded(
        tokens=np.concatenate(found["input_ids"]).astype(np.int32),
        segments=np.concatenate(found["token_type_ids"]).astype(np.int8) if has_segments else None,
        starts=np.cumsum([0, *map(len, found["input_ids"])]),
        labels=torch.from_numpy(split.labels),
        padding=tokenizer.pad_token_id or 0,
    )
