"""Whole networks against those of transformers: answers, losses and gradients of every family with every head."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    AlbertConfig,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
)

from runtime.families import FAMILIES
from runtime.models import packed
from runtime.models.dropout import plant_dropout, set_step
from runtime.models.export import write_model
from runtime.models.heads import build_head, fresh_head, pretrained_head
from runtime.models.network import Network, heads_of, load_heads_
from runtime.models.packed import can_be_packed
from runtime.models.packing import Packed, pack
from runtime.models.padded import side_by_side
from runtime.models.trunk import Pretrained, load
from runtime.tasks import answer_spans, classify, masked_words, score
from runtime.weights.files import state_of

CPU = torch.device("cpu")
WORDS = 40
CASES = 4  # random networks and batches of each family and head
EXACT = 1e-5  # of the largest entry

# Ours -> that of the classifier of transformers. RoBERTa's has in its head what checkpoints call the trunk's pooler.
CLASSIFIERS = {
    "bert": {"head.linear": "classifier"},
    "roberta": {"trunk.pooler.dense": "classifier.dense", "head.linear": "classifier.out_proj"},
    "distilbert": {"head.dense": "pre_classifier", "head.linear": "classifier"},
    "albert": {"head.linear": "classifier"},
    "mpnet": {"head.dense": "classifier.dense", "head.linear": "classifier.out_proj"},
    "deberta-v2": {"head.dense": "pooler.dense", "head.linear": "classifier"},
}


def configuration(family: str, draw: np.random.Generator, **more: Any) -> PreTrainedConfig:
    """A random one, without dropout."""
    heads, width = int(draw.integers(1, 4)), int(draw.choice([4, 8]))
    layers, inner = int(draw.integers(1, 4)), int(draw.integers(1, 30))
    common = {"vocab_size": WORDS, "max_position_embeddings": 70, "initializer_range": 0.3, **more}
    if family == "distilbert":
        return DistilBertConfig(
            **common, dim=heads * width, n_heads=heads, n_layers=layers, hidden_dim=inner, dropout=0.0,
            attention_dropout=0.0, seq_classif_dropout=0.0, qa_dropout=0.0,
            activation=str(draw.choice(["gelu", "relu"])),
        )  # fmt: skip
    common |= {
        "hidden_size": heads * width, "num_attention_heads": heads, "num_hidden_layers": layers,
        "intermediate_size": inner, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "hidden_act": str(draw.choice(["gelu", "relu", "gelu_new"])),
    }  # fmt: skip
    match family:
        case "albert":
            groups = {
                "num_hidden_groups": int(draw.integers(1, layers + 1)),
                "inner_group_num": int(draw.integers(1, 3)),
            }
            return AlbertConfig(**common, **groups, embedding_size=6, classifier_dropout_prob=0.0, type_vocab_size=2)
        case "deberta-v2":
            ways = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "share_att_key": bool(draw.integers(2))}
            return DebertaV2Config(**common, **ways, type_vocab_size=int(draw.integers(2)) * 2)
        case "electra":
            return ElectraConfig(**common, embedding_size=6)
    return {"bert": BertConfig, "roberta": RobertaConfig, "mpnet": MPNetConfig}[family](**common)


@frozen(eq=False)
class Case:
    """A network of transformers, ours of the same folder, and a batch."""

    peer: nn.Module
    model: Pretrained
    network: Network
    names: dict[str, str]  # parameters: ours -> the peer's
    batch: Packed
    plain: Packed  # the same, as transformers is to see it
    reads: np.ndarray
    draw: np.random.Generator

    @property
    def inputs(self) -> dict[str, Tensor]:
        inputs = side_by_side(self.plain, self.model.pattern.config.pad_token_id)
        if not FAMILIES[self.model.description.model_type].reads_segments:
            inputs.pop("token_type_ids", None)
        return inputs

    def agree(self, ours: Tensor, theirs: Tensor, our_loss: Tensor, their_loss: Tensor) -> None:
        """Answers, losses, and the gradient of every parameter."""
        torch.testing.assert_close(ours, theirs, rtol=0, atol=EXACT * float(theirs.detach().abs().max()))
        torch.testing.assert_close(our_loss, their_loss, rtol=EXACT, atol=EXACT)
        our_loss.backward()
        their_loss.backward()
        found, expected = (dict(network.named_parameters()) for network in (self.network, self.peer))
        assert {self.names[name] for name in found} == set(expected) - UNUSED
        gradients = {name: expected[theirs].grad for name, theirs in self.names.items()}
        largest = max(float(gradient.abs().max()) for gradient in gradients.values() if gradient is not None)
        for name, gradient in gradients.items():
            nothing = torch.zeros_like(found[name])  # what no loss reads has no gradient, in one of the two perhaps
            own = found[name].grad
            torch.testing.assert_close(
                nothing if own is None else own, nothing if gradient is None else gradient, rtol=0,
                atol=EXACT * largest, msg=name,
            )  # fmt: skip


# Of classes of transformers whose forward pass does not reach them, or which are the same tensor by another name.
UNUSED = {"cls.predictions.decoder.bias", "lm_head.decoder.bias", "predictions.decoder.bias"}


def case(  # all that tests differ in
    peer_class: Any, family: str, number: int, folder: Path, head: dict[str, str], outputs: int | None, **more: Any
) -> Case:
    """Save a random network of transformers, and load it as ours, with the head that it has."""
    draw = np.random.default_rng(1000 * number + len(family))
    torch.manual_seed(number)
    peer = peer_class.from_config(configuration(family, draw, **more), attn_implementation="eager").eval()
    with torch.no_grad():  # biases and norms are drawn as zeros and ones, where a slip would not show
        for parameter in peer.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    peer.save_pretrained(folder)
    prefix = peer.base_model_prefix
    poolers = {name: theirs for name, theirs in head.items() if name.startswith("trunk.")}
    if poolers:
        state = load_file(folder / "model.safetensors")
        for ours, theirs in poolers.items():
            for kind in ("weight", "bias"):
                state[f"{prefix}{ours.removeprefix('trunk')}.{kind}"] = state[f"{theirs}.{kind}"].clone()
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    model = load(folder)
    is_whole = "classifier" in str(head)
    empty = build_head(model, model.pattern, outputs, answers_for_whole_inputs=is_whole)
    network = Network(model.pattern, empty).eval()
    names = {f"trunk.{name}": f"{prefix}.{name}" for name in model.names}
    named = {f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in head.items() for kind in ("weight", "bias")}
    if outputs is None:
        load_heads_(network, pretrained_head(model, empty))
        named = {f"head.{ours}": theirs for ours, theirs in model.family.words.parameters.items()}
    else:
        state = dict(peer.named_parameters())
        its = {ours.removeprefix("head."): state[theirs].detach() for ours, theirs in named.items() if "head." in ours}
        load_heads_(network, its)
    lengths = draw.integers(1, 60, draw.integers(1, 7))
    segments = draw.integers(0, 2, lengths.sum()) if getattr(model.pattern.config, "type_vocab_size", 0) > 1 else None
    if is_whole:
        reads = np.array([(text, 0) for text in range(len(lengths))])
    else:
        reads = np.array([(text, token) for text, length in enumerate(lengths) for token in range(length)])
    if outputs is None:
        reads = reads[np.sort(draw.permutation(len(reads))[: draw.integers(1, len(reads) + 1)])]
    tokens = draw.integers(2, WORDS, lengths.sum())
    # In groups, as a processor takes them, or in rows, as a GPU takes those of networks that can be computed so.
    in_rows = number % 2 == 1 and can_be_packed(model.pattern)
    batch, plain = (pack(tokens, segments, lengths, reads, CPU, rows) for rows in (in_rows, False))
    return Case(peer, model, network, {**names, **named}, batch, plain, reads, draw)


@pytest.mark.parametrize("number", range(CASES))
@pytest.mark.parametrize("family", CLASSIFIERS)
@pytest.mark.parametrize("classes", [3, 1], ids=["classes", "scores"])
def test_classifiers_are_those_of_transformers(tmp_path: Path, family: str, classes: int, number: int) -> None:
    it = case(
        AutoModelForSequenceClassification, family, number, tmp_path, CLASSIFIERS[family], classes, num_labels=classes
    )
    texts = len(it.reads)
    drawn = it.draw.integers(0, classes, texts) if classes > 1 else it.draw.normal(size=texts).astype(np.float32)
    labels = torch.from_numpy(drawn)

    ours, theirs = it.network(it.batch), it.peer(**it.inputs, labels=labels)

    loss = classify.loss if classes > 1 else score.loss
    it.agree(ours, theirs.logits.view_as(ours), loss(ours, labels), theirs.loss)


@pytest.mark.parametrize("number", range(CASES))
@pytest.mark.parametrize("family", [*CLASSIFIERS, "electra"])
def test_spans_are_those_of_transformers(tmp_path: Path, family: str, number: int) -> None:
    """The loss of transformers is taken over padding, too: here over what is no padding."""
    it = case(AutoModelForQuestionAnswering, family, number, tmp_path, {"head.linear": "qa_outputs"}, 2)
    inputs = it.inputs
    lengths = inputs["attention_mask"].sum(1)
    ends = torch.stack([torch.randint(int(length), (2,)) for length in lengths])

    ours, found = it.network(it.batch), it.peer(**inputs)

    theirs = torch.stack([found.start_logits, found.end_logits], dim=-1)  # (B, T, 2)
    within = theirs.masked_fill(inputs["attention_mask"][..., None] == 0, -torch.inf)
    expected = sum(nn.functional.cross_entropy(within[..., end], ends[:, end]) for end in (0, 1)) / 2
    labels = torch.cat([lengths[:, None], ends], dim=1)
    it.agree(ours, theirs[it.reads[:, 0], it.reads[:, 1]], answer_spans.loss(ours, labels), expected)


@pytest.mark.parametrize("number", range(CASES))
@pytest.mark.parametrize("family", [*CLASSIFIERS, "electra"])
def test_words_are_those_of_transformers(tmp_path: Path, family: str, number: int) -> None:
    """Of the head that the model was pre-trained with, whose decoder is the word embeddings."""
    it = case(AutoModelForMaskedLM, family, number, tmp_path, {}, None)
    inputs = it.inputs
    labels = torch.from_numpy(it.draw.integers(0, WORDS, len(it.reads)))
    places = torch.full_like(inputs["input_ids"], -100)
    places[it.reads[:, 0], it.reads[:, 1]] = labels

    ours, theirs = it.network(it.batch), it.peer(**inputs, labels=places)

    it.agree(ours, theirs.logits[it.reads[:, 0], it.reads[:, 1]], masked_words.loss(ours, labels), theirs.loss)


@pytest.mark.parametrize("family", [*CLASSIFIERS, "electra"])
def test_models_are_written_as_transformers_reads_them(tmp_path: Path, family: str) -> None:
    """With nothing missing, and answering the same."""
    it = case(AutoModelForMaskedLM, family, 1, tmp_path / "read", {}, None)

    write_model(it.model, state_of(it.network.trunk), heads_of(it.network), tmp_path / "written")

    again, said = AutoModelForMaskedLM.from_pretrained(
        tmp_path / "written", attn_implementation="eager", output_loading_info=True
    )
    assert not said["missing_keys"]
    inputs = it.inputs
    torch.testing.assert_close(again.eval()(**inputs).logits, it.peer(**inputs).logits, rtol=0, atol=0)


# Dropout


@pytest.mark.parametrize("family", [*CLASSIFIERS, "electra"])
def test_dropout_comes_from_its_streams_alone(tmp_path: Path, family: str) -> None:
    """The same for the same step, another for another one, and nothing from the global generator."""
    draw = np.random.default_rng(3)
    config = configuration(family, draw)
    share = {"dropout", "attention_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob"}
    for name in share & set(config.to_dict()):
        setattr(config, name, 0.3)
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    model = load(tmp_path)
    head = build_head(model, model.pattern, 2, answers_for_whole_inputs=True)
    network = Network(model.pattern, head)
    load_heads_(network, fresh_head(head, 0.1, 1))
    dropouts = plant_dropout(network, 1)
    batch = pack(np.arange(2, 30), None, np.array([9, 19]), np.array([[0, 0], [1, 0]]), CPU)

    def answers(step: int) -> Tensor:
        set_step(dropouts, step)
        return network.train()(batch).detach()

    before = torch.get_rng_state()
    first, other, again = answers(0), answers(1), answers(0)

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_shared_layers_drop_others_each_time() -> None:
    """Twelve times the same would be another kind of noise."""
    dropout = plant_dropout(nn.Sequential(nn.Dropout(0.5)), 1)[0]
    like = torch.zeros(1)
    draws = [dropout.draw((200,), like) for _ in range(3)]
    set_step((dropout,), 0)
    again = dropout.draw((200,), like)

    assert all(kept is not None for kept in (*draws, again))
    assert torch.equal(draws[0].factors, again.factors)  # type: ignore[union-attr]  # said above
    assert len({tuple(kept.factors.tolist()) for kept in draws if kept is not None}) == 3


# Which way


def test_families_whose_layers_are_like_those_of_bert_run_without_padding(tmp_path: Path) -> None:
    found = {}
    for family in (*CLASSIFIERS, "electra"):
        folder = tmp_path / family
        AutoModelForMaskedLM.from_config(configuration(family, np.random.default_rng(1))).save_pretrained(folder)
        found[family] = packed.can_be_packed(load(folder).pattern)

    assert {family for family, is_packed in found.items() if is_packed} == {"bert", "roberta", "distilbert", "electra"}
