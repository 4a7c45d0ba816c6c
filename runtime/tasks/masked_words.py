"""Masked language modelling: the words of running text, some of them hidden, are to be found (Devlin et al. 2019).

Examples are blocks of a corpus. Which words of a block are hidden is drawn anew every epoch of a training, as a
function of seed, task, epoch and block, so that resuming changes nothing; a scoring hides the same ones every time.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from attrs import evolve, frozen
from numpy.typing import NDArray
from torch import Tensor

from ticketlang.study import Task

from ..digests import digest_of
from ..training.batches import Asked, Encoded, Int
from ..training.seeds import numpy_generator, part_of
from .blocks import Vocabulary, are_whole, blocks_in, spare_folder, write_blocks
from .corpus import Part, texts_of
from .encoding import encode
from .examples import Split, limited_rows
from .prepared import Materials, Prepared, encoding, is_same_split

__all__ = ["loss", "majority", "outputs", "predictions", "prepare", "scored"]

CHOSEN = 0.15  # of the words of a block (Devlin et al. 2019, section 3.1)
HIDDEN, REPLACED = 0.8, 0.1  # of those chosen: by the mask, by any word; the others stay as they are

# Shapes: N blocks, B of a batch, T tokens of a block, R words chosen, V words of the model


@frozen(eq=False)
class MaskedWords:
    """The head reads the words that were chosen, and is to say what they were."""

    vocabulary: Vocabulary
    numbers: Int  # (N), of the blocks in their corpus: `limit` does not change what is hidden

    def ask(self, examples: Int, tokens: Int, lengths: Int, bits: int) -> Asked:
        """See `training.batches.Question`."""
        seen, ends = tokens.copy(), np.cumsum(lengths)
        reads = []
        for place, (example, end, length) in enumerate(zip(examples, ends, lengths, strict=True)):
            block = seen[end - length : end]  # a view
            chosen = hide_(block, self.vocabulary, part_of(bits, "block", int(self.numbers[example])))
            reads.append(np.stack([np.full_like(chosen, place), chosen], axis=1))
        read = np.concatenate(reads)
        labels = tokens[(ends - lengths)[read[:, 0]] + read[:, 1]]
        return Asked(seen, read, torch.from_numpy(labels))


def hide_(block: Int, vocabulary: Vocabulary, bits: int) -> Int:
    """Choose words of a block (T), and hide most of them in place. Returns the places of those chosen, in order.

    15% of its words are chosen, at least one; 80% of them become the mask, 10% any word, and 10% stay.
    """
    generator = numpy_generator(bits)
    words = np.flatnonzero(vocabulary.is_word[block])
    chosen = np.sort(generator.choice(words, max(1, round(CHOSEN * len(words))), replace=False))
    fate = generator.random(len(chosen))
    others = generator.choice(vocabulary.words, len(chosen))
    block[chosen] = np.select(
        [fate < HIDDEN, fate < HIDDEN + REPLACED], [np.full_like(chosen, vocabulary.mask), others], block[chosen]
    )
    return chosen


def prepare(task: Task, materials: Materials) -> Prepared:
    """The blocks of a corpus, in files that other runs use, too.

    Raises:
        BadData: with the first mistake in the data.
        JobFailed: if a part of the corpus fills no block.
    """

    def encoded(part: Part, *of: str) -> Encoded:
        if materials.place.micro is not None:
            return _documents(task, materials, part, *of)
        return _encoded(task, materials, _file(task, materials, part), *of)

    score = encoded("score", "evaluation")
    return Prepared(
        train=encoded("train"),
        score=score,
        best=score if is_same_split(task) else None if task.best_on is None else encoded("best", "evaluation"),
    )


def _file(task: Task, materials: Materials, part: Part) -> Path:
    """The file of the blocks, made now if it is not there or damaged; where the cache takes no more, elsewhere."""
    split = {"train": task.train_split, "score": task.score_split, "best": task.best_on}[part]
    share = None if task.held_out is None else [part == "score", str(task.held_out)]
    decides = [*encoding(), materials.place.digest, split, share, *task.text, task.length, materials.model]
    path = materials.cache / "blocks" / digest_of(decides)
    if are_whole(path):
        return path
    try:
        write_blocks(path, texts_of(task, materials.place, part), materials.tokenizer, task.length)
    except OSError:
        path = spare_folder() / path.name
        write_blocks(path, texts_of(task, materials.place, part), materials.tokenizer, task.length)
    return path


def _encoded(task: Task, materials: Materials, path: Path, *of: str) -> Encoded:
    tokenizer = materials.tokenizer
    blocks = blocks_in(path, task.length, len(tokenizer))
    rows = limited_rows(task, len(blocks), materials.subset_seed, *of)
    numbers = np.arange(len(blocks)) if rows is None else rows
    return Encoded(
        tokens=blocks.reshape(-1),
        segments=None,  # all of them 0, which is what a model takes where it is told nothing
        starts=numbers * task.length,
        lengths=np.full(len(numbers), task.length),
        question=MaskedWords(Vocabulary.of(tokenizer), numbers),
    )


def _documents(task: Task, materials: Materials, part: Part, *of: str) -> Encoded:
    """Documents of the built-in world: they are short, and each is an example by itself."""
    texts = list(texts_of(task, materials.place, part))
    rows = limited_rows(task, len(texts), materials.subset_seed, *of)
    numbers = np.arange(len(texts)) if rows is None else rows
    unlabelled = Split(([texts[number] for number in numbers],), np.zeros(len(numbers), dtype=np.int64))
    question = MaskedWords(Vocabulary.of(materials.tokenizer), numbers)
    return evolve(encode(unlabelled, materials.tokenizer, task.length), question=question)


def outputs(classes: int | None) -> None:
    """One number for each word of the model."""
    return


def loss(answers: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of (R, V) against the words that were there (R), a mean over those chosen."""
    return torch.nn.functional.cross_entropy(answers, labels)


def predictions(answers: Tensor, labels: Tensor) -> Tensor:
    """(R, V) -> (R, 3): the word that was there, the likeliest one, and the logarithm of the true one's probability."""
    logarithms = torch.log_softmax(answers, dim=-1).gather(1, labels[:, None]).squeeze(1)
    return torch.stack([labels.double(), answers.argmax(dim=-1).double(), logarithms.double()], dim=1)


def scored(found: Tensor, examples: Encoded) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels (R), and predictions (R, 2): a word, and the logarithm of the true one's probability."""
    return found[:, 0].numpy(), found[:, 1:].numpy()


def majority(examples: Encoded) -> None:
    """Words are no classes: the most frequent one is a comma."""
    return
