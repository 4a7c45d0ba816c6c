"""Studies of networks that are no BERT: they run to their end, are verified, leave as folders, and run small."""

import json
from pathlib import Path

import pytest
import torch
from desk import Desk
from small_world import SPECIAL, WORDS, make_data, make_model
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForMaskedLM,
    DistilBertConfig,
    PreTrainedConfig,
    RobertaConfig,
)

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
COMMON = {"vocab_size": len(SPECIAL) + len(WORDS), "max_position_embeddings": 40, "pad_token_id": 0}
FAMILIES: dict[str, PreTrainedConfig] = {
    "distilbert": DistilBertConfig(**COMMON, dim=32, n_layers=2, n_heads=2, hidden_dim=64),
    "roberta": RobertaConfig(**COMMON, **SIZES, type_vocab_size=1),
    "albert": AlbertConfig(**COMMON, **SIZES, embedding_size=16, hidden_dropout_prob=0.1),
}

SPEC = """
task warm {
  kind classify sentence
  data files "warm/{split}.jsonl"
  text text
  label label
  train 1 epochs
  batch 16 examples
  rate 1e-3 linear
  length 16 tokens
}
task text {
  kind masked words
  data files "text/{split}.txt"
  splits train, 20% of train
  text text
  train 6 steps
  batch 4 examples
  rate 1e-3 linear
  length 16 tokens
  head pretrained
}

study family {
  model folder "model"
  seeds 1

  ticket imp {
    source warm, text
    prune magnitude global of encoder
    sparsity 60% of original
    rewind 0 steps
  }
  ticket units {
    source warm
    prune magnitude per layer of heads + neurons
    sparsity 50% of original
    rewind 1 steps
  }

  baselines dense, random_init
  transfer imp at 60% to warm, text
  report layer_sparsity, mask_overlap
}
"""


def desk_of(family: str, folder: Path) -> Desk:
    """A desk with a model of a family, random but for its tokenizer, and tasks."""
    make_model(folder / "model")
    make_data(folder)
    torch.manual_seed(7)
    AutoModelForMaskedLM.from_config(FAMILIES[family]).save_pretrained(folder / "model")
    settings = folder / "model" / "tokenizer_config.json"
    if family in {"distilbert", "roberta"}:
        said = {**json.loads(settings.read_text()), "model_input_names": ["input_ids", "attention_mask"]}
        settings.write_text(json.dumps(said))
    desk = Desk(folder)
    desk.write(SPEC, "family.ticket")
    return desk


@pytest.mark.parametrize("family", FAMILIES)
def test_a_study_of_another_family_runs_and_is_verified(tmp_path: Path, family: str) -> None:
    """And its ticket is a folder that transformers reads, with zeros where the mask says."""
    desk = desk_of(family, tmp_path)

    ran = desk.ticketrun("run", "family.ticket", "--workers", "1")
    verified = desk.ticketrun("verify", "family.ticket")
    cell = ("imp/warm@60%/warm/seed=1", "--to", "ticket", "--format", "transformers")
    exported = desk.ticketrun("ticket", "export", "family.ticket", *cell)

    assert ran.status == 0, ran.text
    assert verified.status == 0, verified.text
    assert exported.status == 0, exported.text
    network, said = AutoModel.from_pretrained(tmp_path / "ticket", output_loading_info=True)
    assert all(name.startswith("pooler.") for name in said["missing_keys"])  # checkpoints with this head have none
    about = json.loads((tmp_path / "ticket" / "ticket.json").read_text())
    assert sum(int((weight == 0).sum()) for weight in network.parameters() if weight.dim() == 2) >= about["removed"]


@pytest.mark.parametrize("family", ["distilbert", "albert"])
def test_another_family_runs_small(tmp_path: Path, family: str) -> None:
    """With two layers of its own kind, where its weights are not at hand in any small size."""
    desk = desk_of(family, tmp_path)
    answer = desk.ticketrun("smoke", "family.ticket")
    assert answer.status == 0, answer.text
