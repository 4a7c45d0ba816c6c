"""Make what the demo studies: two tasks as json lines, and a tiny BERT that has read some thousand sentences.

The model is pre-trained on the spot, for half a minute on one core, on sentences of the demo's own grammar. That is
enough to see tickets, transfers and verdicts, and far too little for the verdicts to mean anything.

    python examples/demo/make_world.py build/demo
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch
from sentences import TASKS, distinct, pair, words
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForPreTraining, BertTokenizer
from transformers.utils import logging

SEED = 1
EXAMPLES = {"train": 1500, "validation": 500}
STEPS, BATCH, RATE = 1000, 64, 3e-3
MASKED = 0.15  # share of the words that are hidden, as in BERT's own pre-training
SEEN = -100  # the answer that cross_entropy leaves out: a word that is not hidden

# Shapes: B pairs, T tokens, V words


class Lesson(NamedTuple):
    """A batch to learn from."""

    inputs: dict[str, torch.Tensor]  # each (B, T)
    hidden_words: torch.Tensor  # (B, T)
    restates: torch.Tensor  # (B,)


def main(folder: Path) -> None:
    logging.disable_progress_bar()
    torch.set_num_threads(1)  # the same sums, and so the same model, however many cores there are
    for task in TASKS:
        write_examples(task, folder / task)
    tokenizer = build_tokenizer()
    tokenizer.save_pretrained(folder / "model")
    pretrain(tokenizer).save_pretrained(folder / "model")


def write_examples(task: str, folder: Path) -> None:
    """Write one file for each split; no text stands in both."""
    folder.mkdir(parents=True, exist_ok=True)
    examples = distinct(task, Random(f"{SEED} {task}"))
    for split, count in EXAMPLES.items():
        lines = (json.dumps(example) + "\n" for example in islice(examples, count))
        (folder / f"{split}.jsonl").write_text("".join(lines))


def build_tokenizer() -> BertTokenizer:
    """WordPiece over whole words: the grammar has few."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words()]
    return BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, model_max_length=64)


def pretrain(tokenizer: BertTokenizer) -> BertForPreTraining:
    """Teach a two-layer BERT hidden words and pairs of sentences, the two tasks of Devlin et al. 2019, section 3.1."""
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForPreTraining(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=STEPS)
    for step, lesson in enumerate(islice(lessons(tokenizer), STEPS), start=1):
        outputs = model(**lesson.inputs)
        loss_of_words = cross_entropy(
            outputs.prediction_logits.transpose(1, 2),  # (B, T, V) -> (B, V, T)
            lesson.hidden_words,
            ignore_index=SEEN,
        )
        loss_of_pairs = cross_entropy(outputs.seq_relationship_logits, lesson.restates)  # (B, 2)
        optimizer.zero_grad()
        (loss_of_words + loss_of_pairs).backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(
                f"pre-training: step {step} of {STEPS}, "
                f"loss {loss_of_words.item():.2f} of hidden words, {loss_of_pairs.item():.2f} of pairs",
                flush=True,
            )
    return model


def lessons(tokenizer: BertTokenizer) -> Iterator[Lesson]:
    """Pairs of sentences with some of their words hidden, without end."""
    chance = Random(f"{SEED} pre-training")
    while True:
        firsts, seconds, restates = zip(*(pair(chance) for _ in range(BATCH)), strict=True)
        inputs = dict(tokenizer(list(firsts), list(seconds), return_tensors="pt"))
        tokens = inputs["input_ids"]  # (B, T): all sentences have nine words
        is_hidden = (torch.rand(tokens.shape) < MASKED) & (tokens > tokenizer.mask_token_id)
        inputs["input_ids"] = tokens.masked_fill(is_hidden, tokenizer.mask_token_id)
        yield Lesson(inputs, tokens.masked_fill(~is_hidden, SEEN), torch.tensor(restates))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
