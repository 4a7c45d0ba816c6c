"""Questions with their contexts as token ids. A context that is too long is read in windows that overlap."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray

from ..training.batches import Asked, Encoded, Int
from .examples import Split

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LONGEST_QUESTION = 64  # tokens, as in the fine-tuning of Devlin et al. 2019; half of the input where that is less
AT_ONCE = 1000  # examples

# Shapes: N examples, W windows, T tokens of a window, ΣT of some windows in a row


@frozen(eq=False)
class Spans:
    """The head reads every token of a window, and is to say where the answer begins and ends.

    Where it is not in the window as a whole, the answer is the first token.
    """

    ends: Int  # (W, 2), the first and the last token of the answer, counted in the window
    owners: Int  # (W), the example that a window is of
    contexts: Sequence[str]  # (N)
    answers: tuple[tuple[str, ...], ...]  # (N), every text that is right
    characters: tuple[
        NDArray[np.int32], ...
    ]  # (W) of (T, 2), where in its context a token begins and ends; -1: not in it

    def ask(self, examples: Int, tokens: Int, lengths: Int, bits: int) -> Asked:
        """See `training.batches.Question`. Labels are (B, 3): tokens of the window, and the ends of the answer."""
        begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
        window = np.repeat(np.arange(len(examples)), lengths)
        reads = np.stack([window, np.arange(len(tokens)) - begins], axis=1)
        labels = np.concatenate([lengths[:, None], self.ends[examples]], axis=1)
        return Asked(tokens, reads, torch.from_numpy(labels))


@frozen(eq=False)
class Window:
    """A question with a part of its context."""

    tokens: NDArray[np.int32]  # (T)
    segments: NDArray[np.int8]  # (T)
    characters: NDArray[np.int32]  # (T, 2)
    owner: int


def encode_windows(split: Split, tokenizer: "PreTrainedTokenizerBase", length: int, stride: int) -> Encoded:
    """The windows of all examples, in their order.

    Args:
        length: tokens of a window at most, with those of the question and the special ones.
        stride: how many tokens of the context lie between the beginnings of two windows.
    """
    questions, contexts = split.texts
    windows = sorted(_windows(questions, contexts, tokenizer, length, stride), key=lambda window: window.owner)
    lengths = np.array([len(window.tokens) for window in windows])
    has_segments = "token_type_ids" in tokenizer.model_input_names
    return Encoded(
        tokens=np.concatenate([window.tokens for window in windows]),
        segments=np.concatenate([window.segments for window in windows]) if has_segments else None,
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        question=Spans(
            ends=np.array([ends_in(window, split.labels[window.owner][0]) for window in windows]),
            owners=np.array([window.owner for window in windows]),
            contexts=contexts,
            answers=tuple(tuple(text for text, _ in answers) for answers in split.labels),
            characters=tuple(window.characters for window in windows),
        ),
    )


def ends_in(window: Window, answer: tuple[str, int]) -> tuple[int, int]:
    """The first and the last token of an answer; the first token of all, twice, where the window has not all of it."""
    text, begin = answer
    end = begin + len(text)
    (places,) = np.nonzero(window.characters[:, 0] >= 0)
    begins, ends = window.characters[places].T
    if not len(places) or begins[0] > begin or ends[-1] < end:
        return 0, 0
    return int(places[np.searchsorted(ends, begin, side="right")]), int(places[np.searchsorted(begins, end) - 1])


def _windows(
    questions: Sequence[str], contexts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", length: int, stride: int
) -> Iterator[Window]:
    """Questions of one length go together: how much windows overlap depends on it, and the tokenizer is told that."""
    special = tokenizer.num_special_tokens_to_add(pair=True)
    short, sizes = _cut(questions, tokenizer, min(LONGEST_QUESTION, (length - special) // 2))
    for size in sorted(set(sizes)):
        (rows,) = np.nonzero(np.array(sizes) == size)
        room = length - special - size
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE].tolist()
            found = tokenizer(
                [short[row] for row in some], [contexts[row] for row in some], truncation="only_second",
                max_length=length, stride=room - min(stride, room), return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )  # fmt: skip
            for encoding, owner in zip(found.encodings, found["overflow_to_sample_mapping"], strict=True):
                yield _window(encoding, some[owner])


def _window(encoding: Any, owner: int) -> Window:
    in_context = np.array([part == 1 for part in encoding.sequence_ids])
    characters = np.where(in_context[:, None], np.array(encoding.offsets), -1)
    segments = np.array(encoding.type_ids, dtype=np.int8)
    return Window(np.array(encoding.ids, dtype=np.int32), segments, characters.astype(np.int32), owner)


def _cut(questions: Sequence[str], tokenizer: "PreTrainedTokenizerBase", longest: int) -> tuple[list[str], list[int]]:
    """Questions of so many tokens at most, and their tokens."""
    stripped = [question.strip() for question in questions]
    found: Any = tokenizer(stripped, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    short, sizes = [], []
    for question, offsets in zip(stripped, found["offset_mapping"], strict=True):
        cut, size = question, len(offsets)
        if size > longest:
            cut = question[: offsets[longest - 1][1]]
            size = len(tokenizer(cut, add_special_tokens=False)["input_ids"])
        short.append(cut)
        sizes.append(size)
    return short, sizes
