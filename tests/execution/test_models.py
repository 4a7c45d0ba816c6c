"""Model folders: described without loading, loaded without guessing."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_world import make_model
from transformers import (
    AlbertConfig,
    AutoModel,
    BertConfig,
    BertForSequenceClassification,
    CamembertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from runtime.failures import JobFailed
from runtime.models.description import UnreadableModel, describe_model
from runtime.models.scopes import prunable
from runtime.models.trunk import load

SMALL = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 24, "max_position_embeddings": 20}  # fmt: skip
OWN = {"vocab_size": 40, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24, "max_position_embeddings": 20}


@pytest.mark.parametrize(
    ("config", "has_pooler", "matrices"),
    [
        (BertConfig(**SMALL), True, 13),
        (RobertaConfig(**SMALL), True, 13),
        (XLMRobertaConfig(**SMALL), True, 13),
        (CamembertConfig(**SMALL), True, 13),
        (ElectraConfig(**SMALL, embedding_size=16), False, 12),
        (DistilBertConfig(**OWN), False, 12),
        (AlbertConfig(**SMALL, embedding_size=8), True, 7),
        (AlbertConfig(**SMALL, embedding_size=8, num_hidden_groups=2, inner_group_num=2), True, 25),
        (MPNetConfig(**SMALL), True, 13),
        (DebertaV2Config(**SMALL, relative_attention=True, pos_att_type=["c2p", "p2c"]), False, 12),
    ],
    ids=lambda value: getattr(value, "model_type", None),
)
def test_families_run_as_in_transformers(
    tmp_path: Path, config: PreTrainedConfig, has_pooler: bool, matrices: int
) -> None:
    AutoModel.from_config(config).save_pretrained(tmp_path)
    peer = AutoModel.from_pretrained(tmp_path, attn_implementation="eager").eval()
    tokens = torch.randint(5, 40, (3, 12), generator=torch.Generator().manual_seed(1))
    text = torch.ones_like(tokens)
    text[1, 7:] = 0

    model = load(tmp_path)
    found = model.pattern.eval()(input_ids=tokens, attention_mask=text).last_hidden_state

    assert model.description.has_pooler == has_pooler
    assert len(prunable(model.pattern, ("encoder", "pooler") if has_pooler else ("encoder",))) == matrices
    expected = peer(input_ids=tokens, attention_mask=text).last_hidden_state
    torch.testing.assert_close(found[text == 1], expected[text == 1], atol=1e-5, rtol=0)


def test_a_checkpoint_with_a_head_and_old_names_is_read(tmp_path: Path) -> None:
    """bert-base-uncased is such a one: `bert.` before every name, and norms called gamma and beta."""
    peer = BertForSequenceClassification(BertConfig(**SMALL))
    peer.save_pretrained(tmp_path)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(tmp_path / "model.safetensors").items()
    }
    save_file(old, tmp_path / "model.safetensors", metadata={"format": "pt"})

    found = load(tmp_path).read_again()

    assert any(name.startswith("bert.") for name in old)
    expected = dict(peer.bert.named_parameters())
    assert found.keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in found.items())


def test_sharded_weights_are_read(tmp_path: Path) -> None:
    peer = AutoModel.from_config(BertConfig(**SMALL))
    peer.save_pretrained(tmp_path, max_shard_size="5KB")

    assert (tmp_path / "model.safetensors.index.json").exists()
    assert describe_model(tmp_path).has_pooler
    assert all(torch.equal(t, dict(peer.named_parameters())[n]) for n, t in load(tmp_path).read_again().items())


def test_pickled_weights_are_read_as_tensors_alone(tmp_path: Path) -> None:
    peer = AutoModel.from_config(BertConfig(**SMALL))
    peer.config.save_pretrained(tmp_path)
    torch.save(peer.state_dict(), tmp_path / "pytorch_model.bin")

    assert describe_model(tmp_path).has_weights
    assert all(torch.equal(t, dict(peer.named_parameters())[n]) for n, t in load(tmp_path).read_again().items())


def test_a_pickle_without_a_pooler_gets_none(tmp_path: Path) -> None:
    peer = AutoModel.from_config(BertConfig(**SMALL), add_pooling_layer=False)
    peer.config.save_pretrained(tmp_path)
    torch.save(peer.state_dict(), tmp_path / "pytorch_model.bin")

    assert load(tmp_path).pattern.pooler is None


def test_missing_parameters_are_never_drawn(tmp_path: Path) -> None:
    make_model(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    del state["encoder.layer.1.output.dense.weight"]
    save_file(state, tmp_path / "model.safetensors")

    with pytest.raises(JobFailed, match=r"lack 1 of \d+ parameters: `encoder.layer.1.output.dense.weight`"):
        load(tmp_path)


def test_a_checkpoint_of_more_than_the_network_is_refused(tmp_path: Path) -> None:
    """Distances between tokens, or a layer that the configuration does not count: left out, nobody would notice."""
    make_model(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    for name in ("encoder.layer.0.attention.self.distance_embedding.weight", "bert.encoder.layer.2.output.dense.bias"):
        save_file({**state, name: torch.zeros(3)}, tmp_path / "model.safetensors")
        with pytest.raises(JobFailed, match=rf"1 parameters .* lacks, `{name.removeprefix('bert.')}` first"):
            load(tmp_path)

    save_file({**state, "embeddings.position_ids": torch.arange(32)}, tmp_path / "model.safetensors")
    assert load(tmp_path).names == tuple(dict(AutoModel.from_pretrained(tmp_path).named_parameters()))


def test_another_family_is_refused(tmp_path: Path) -> None:
    AutoModel.from_config(GPT2Config(vocab_size=40, n_embd=16, n_head=2, n_layer=1)).save_pretrained(tmp_path)
    assert not describe_model(tmp_path).is_supported
    with pytest.raises(JobFailed, match=r"`gpt2` cannot be pruned yet; those of bert, .* can"):
        load(tmp_path)


def test_a_folder_is_described(tmp_path: Path) -> None:
    make_model(tmp_path)
    described = describe_model(tmp_path)

    assert (described.model_type, described.max_tokens) == ("bert", 32)
    assert (described.has_weights, described.has_pooler, described.has_tokenizer) == (True, True, True)
    assert "pooler.dense.weight" in described.parameters

    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "tokenizer.json").unlink()
    described = describe_model(tmp_path)
    assert (described.has_weights, described.has_tokenizer) == (False, False)


def test_damaged_folders_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"config.json is not there"):
        describe_model(tmp_path)
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(UnreadableModel, match="not a JSON object"):
        describe_model(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(UnreadableModel, match="cannot be read as safetensors"):
        describe_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    for weight_map in ({"a": "../elsewhere"}, {"a": 1}, {"a": ["model-1.safetensors"]}, {"a": "b", "c": None}, {}, []):
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
        with pytest.raises(UnreadableModel, match="does not name the files"):
            describe_model(tmp_path)


def test_the_scope_is_the_matrices_of_the_paper(model_folder: Path) -> None:
    """Six matrices a block and the pooler; embeddings, biases and norms are never in it."""
    names = list(prunable(load(model_folder).pattern, ("pooler", "encoder")))

    block = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
             "intermediate.dense", "output.dense")  # fmt: skip
    expected = [f"encoder.layer.{n}.{matrix}.weight" for n in range(2) for matrix in block]
    assert names == [*expected, "pooler.dense.weight"]
