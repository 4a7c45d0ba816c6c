"""Questions that are answered by a span of a text, as in SQuAD v1.1 (Rajpurkar et al. 2016).

A training window asks for the first of the answers that are given; one that has not all of it, for the first token of
all. The answer to a question is the best span over all its windows: of the 20 likeliest first tokens and the 20
likeliest last tokens in the context of a window, the pair with the largest sum of outputs, the last not before the
first and the span of 30 tokens at most.

The scripts of BERT have two rules more, which can only find a less likely span, or none: their 20 are those of the
whole window, its question included; and a first token counts only in the window where most of the context surrounds it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ticketlang.study import Task

from ..training.batches import Encoded
from .examples import Split, limited, load_examples
from .prepared import Materials, Prepared, is_same_split
from .windows import Spans, encode_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

CANDIDATES = 20  # for the first token of a span, and for the last
LONGEST = 30  # tokens of an answer

# Shapes: N examples, W windows, B of a batch, T tokens of a window, R tokens read

Best = tuple[float, int, int]  # sum of outputs, first and last token


def prepare(task: Task, materials: Materials) -> Prepared:
    """The windows of all examples.

    Raises:
        BadData: with the first mistake in the data.
    """
    examples = limited(task, load_examples(task, materials.place), materials.subset_seed)

    def encoded(split: Split) -> Encoded:
        return encode_windows(split, materials.tokenizer, task.length, task.stride)

    score = encoded(examples.score)
    return Prepared(
        train=encoded(examples.train),
        score=score,
        best=score if is_same_split(task) else None if examples.best is None else encoded(examples.best),
    )


def outputs(classes: int | None) -> int:
    """How likely it is that the answer begins with a token, and that it ends with it."""
    return 2


def loss(answers: Tensor, labels: Tensor) -> Tensor:
    """Mean of two cross-entropies, over the tokens of each window: of (R, 2) against (B, 3), see `Spans.ask`."""
    lengths, ends = labels[:, 0], labels[:, 1:]
    is_token = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]  # (B, T)
    apart = answers.new_full((*is_token.shape, 2), -torch.inf)
    apart[is_token] = answers  # row by row, as the tokens are read
    logarithms = torch.log_softmax(apart, dim=1).transpose(1, 2)  # (B, 2, T)
    # Row by row: of more dimensions torch has no loss on a GPU that is the same every time, and refuses to begin.
    return torch.nn.functional.nll_loss(logarithms.flatten(0, 1), ends.flatten())


def predictions(answers: Tensor, labels: Tensor) -> Tensor:
    """(R, 2) as they are: a span is chosen when all windows of an example are there."""
    return answers


def scored(found: Tensor, examples: Encoded) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of each question all texts that are right (N), and the text that was found (N); empty where none was."""
    spans = examples.question
    assert isinstance(spans, Spans)
    texts = np.full(len(spans.contexts), "", dtype=object)
    best = np.full(len(spans.contexts), -np.inf)
    for window, outputs_of_it in enumerate(_by_window(found, examples)):
        owner, characters = int(spans.owners[window]), spans.characters[window]
        candidate = best_span(outputs_of_it, characters[:, 0] >= 0)
        if candidate is not None and candidate[0] > best[owner]:
            best[owner], first, last = candidate
            texts[owner] = spans.contexts[owner][characters[first, 0] : characters[last, 1]]
    answers = np.empty(len(spans.answers), dtype=object)
    answers[:] = spans.answers
    return answers, texts


def best_span(answers: NDArray[np.float32], is_context: NDArray[np.bool_]) -> Best | None:
    """The best span of a window (T, 2); None where no pair of candidates is one. Of equals the earliest candidates."""
    (places,) = np.nonzero(is_context)
    firsts, lasts = (places[np.argsort(-answers[places, end], kind="stable")[:CANDIDATES]] for end in (0, 1))
    sums = answers[firsts, 0][:, None] + answers[lasts, 1]
    tokens = lasts - firsts[:, None] + 1
    sums[(tokens < 1) | (tokens > LONGEST)] = -np.inf
    if not sums.size or np.isneginf(sums.max()):
        return None
    first, last = np.unravel_index(sums.argmax(), sums.shape)
    return float(sums[first, last]), int(firsts[first]), int(lasts[last])


def _by_window(found: Tensor, examples: Encoded) -> "Iterator[NDArray[np.float32]]":
    ends = np.cumsum(examples.lengths)
    for end, length in zip(ends, examples.lengths, strict=True):
        yield found[end - length : end].numpy()


def majority(examples: Encoded) -> None:
    """Spans are no classes."""
    return
