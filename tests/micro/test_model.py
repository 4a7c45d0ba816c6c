"""The micro-BERT is a plain model folder of the world's own words, and a pre-training makes another like it."""

import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from imports import ROOT
from transformers import AutoTokenizer, BertForMaskedLM

from runtime.micro import MODEL, columns
from runtime.micro.lexicon import words

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[MASK]")

SPEC = str(ROOT / "specs" / "micro.ticket")
# What is said differently, so that it takes seconds.
SMALL = [
    word
    for said in (
        "reading.splits train, validation",
        "reading.train 3 steps",
        "reading.warmup 1 step",
        "reading.batch 8 examples",
        "reading.limit 40 examples",
    )
    for word in ("--set", said)
]


WITHOUT = """
use micro
study s {
  model micro
  seeds 1, 2
  ticket imp { source mlm; prune magnitude of encoder; sparsity 50% of original }
  baselines dense
}
"""


def ticketrun(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "ticketlang", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_its_tokens_are_the_words_of_the_language() -> None:
    tokens = (MODEL / "vocab.txt").read_text().splitlines()

    assert tokens == [*SPECIAL, *words()]
    assert json.loads((MODEL / "config.json").read_text())["vocab_size"] == len(tokens)


def test_no_text_of_the_world_has_a_word_it_does_not_know() -> None:
    tokenizer = AutoTokenizer.from_pretrained(MODEL, local_files_only=True)
    for task, column in (("corpus", "text"), ("entailment", "second"), ("spans", "question")):
        found = tokenizer(columns(task, "validation", 2)[column][:300])["input_ids"]
        assert not any(tokenizer.unk_token_id in ids for ids in found)


def test_it_reads_a_pair_as_it_read_one_sentence_after_another() -> None:
    """The mark that ends a sentence is the separator of its tokenizer, and nothing else tells two texts apart."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL, local_files_only=True)
    for first, second in zip(*list(columns("paraphrase", "validation", 1, 50).values())[:2], strict=True):
        assert dict(tokenizer(first, second)) == dict(tokenizer(f"{first} . {second}"))


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 4_000_000


@pytest.mark.parametrize("mark", [" . yes ", " ? "], ids=["echoes", "answers"])
def test_it_finds_hidden_words(mark: str) -> None:
    """Read by transformers alone, it knows the last word of most unseen echoes, and of answers after their passage."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL, local_files_only=True)
    model = BertForMaskedLM.from_pretrained(MODEL, local_files_only=True).eval()
    documents = [text for text in columns("corpus", "validation", 1)["text"] if " . " not in text.partition(mark)[2]]
    documents = [text for text in documents if mark in text][:50]
    right = 0
    for text in documents:
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        hidden, ids[0, -2] = int(ids[0, -2]), tokenizer.mask_token_id
        with torch.no_grad():
            right += int(model(ids).logits[0, -2].argmax()) == hidden

    assert len(documents) == 50
    assert right > 0.8 * len(documents)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the same pre-training was done twice, in two stores."""
    folder = tmp_path_factory.mktemp("pretrained")
    for name in ("one", "two"):
        done = ticketrun("pretrain", SPEC, "--to", name, "--store", f"{name}.store", *SMALL, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"wrote {name}"
    return folder


def test_a_pretraining_gives_the_same_bits_again(pretrained: Path) -> None:
    names = [file.name for file in (pretrained / "one").iterdir()]

    assert set(names) == {file.name for file in MODEL.iterdir()}
    assert sorted(filecmp.cmpfiles(pretrained / "one", pretrained / "two", names, shallow=False)[0]) == sorted(names)


def test_what_it_writes_is_a_model_like_the_one_that_ships(pretrained: Path) -> None:
    ours = BertForMaskedLM.from_pretrained(pretrained / "one", local_files_only=True).state_dict()
    theirs = BertForMaskedLM.from_pretrained(MODEL, local_files_only=True).state_dict()
    name = "bert.encoder.layer.0.output.dense.weight"

    assert {name: weight.shape for name, weight in ours.items()} == {name: w.shape for name, w in theirs.items()}
    assert not torch.equal(ours[name], theirs[name])


def test_the_study_it_is_part_of_goes_on_from_it(pretrained: Path) -> None:
    """The cell that was the pre-training is reused, and the study runs on another model as well."""
    own = ("--store", "one.store", *SMALL, "--set", "seeds 1")
    ran = ticketrun("run", SPEC, *own, cwd=pretrained)
    elsewhere = ticketrun("plan", SPEC, *own, "--set", f'model folder "{pretrained / "one"}"', cwd=pretrained)

    assert ran.returncode == 0, ran.stderr
    assert "7 jobs: 6 to run, 1 reused" in ran.stdout
    assert "7 jobs: 7 to run, 0 reused" in elsewhere.stdout


def test_a_folder_that_is_there_is_kept(pretrained: Path) -> None:
    refused = ticketrun("pretrain", SPEC, "--to", "one", cwd=pretrained)

    assert refused.returncode == 2
    assert "one is there already" in refused.stderr


def test_a_study_without_a_pretraining_is_told_what_to_say(pretrained: Path) -> None:
    (pretrained / "none.ticket").write_text(WITHOUT)
    refused = ticketrun("pretrain", "none.ticket", "--to", "none", cwd=pretrained)

    assert refused.returncode == 1
    assert "holds no pre-training" in refused.stderr
    assert not (pretrained / "none").exists()
