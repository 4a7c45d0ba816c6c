"""The forward pass without padding against that of transformers: states and gradients, of any texts and reads.

In groups, as a processor goes through them, and in rows, as a GPU takes them.
"""

from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import (
    AutoModel,
    BertConfig,
    CamembertConfig,
    DistilBertConfig,
    ElectraConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from runtime.models import packed, padded, row_attention
from runtime.models.dropout import Dropout, Kept
from runtime.models.group_attention import attend
from runtime.models.packing import Look, Packed, group, pack
from runtime.models.rows import Rows, Side, side

CPU = torch.device("cpu")
FAMILIES = {
    "bert": BertConfig,
    "roberta": RobertaConfig,
    "xlm-roberta": XLMRobertaConfig,
    "camembert": CamembertConfig,
    "electra": ElectraConfig,
    "distilbert": DistilBertConfig,
}
OWN_NAMES = {  # of settings, in DistilBERT
    "intermediate_size": "hidden_dim", "hidden_act": "activation", "hidden_dropout_prob": "dropout",
    "attention_probs_dropout_prob": "attention_dropout",
}  # fmt: skip
WORDS = 50
EXACT = {torch.float32: 5e-6, torch.float64: 1e-13}


@frozen
class Case:
    """A model, and texts with what is read of them."""

    family: str
    changed: dict[str, Any]
    lengths: tuple[int, ...]
    seed: int

    def model(self) -> nn.Module:
        settings = {
            "vocab_size": WORDS, "max_position_embeddings": 210, "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0, "initializer_range": 0.2, "attn_implementation": "eager",
            **self.changed,
        }  # fmt: skip
        if self.family == "distilbert":
            settings = {OWN_NAMES.get(name, name): value for name, value in settings.items()}
        config = FAMILIES[self.family](**settings)
        torch.manual_seed(self.seed)
        return AutoModel.from_config(config)

    def batch(self, *, has_segments: bool, in_rows: bool) -> Packed:
        draw = np.random.default_rng(self.seed)
        lengths = np.array(self.lengths)
        everything = np.array([(text, token) for text, length in enumerate(lengths) for token in range(length)])
        reads = draw.permutation(everything)[: draw.integers(1, len(everything) + 1)]
        segments = draw.integers(0, 2, lengths.sum()) if has_segments else None
        return pack(draw.integers(2, WORDS, lengths.sum()), segments, lengths, reads, CPU, in_rows)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    family = draw(st.sampled_from(sorted(FAMILIES)))
    heads = draw(st.sampled_from([1, 2, 3]))
    changed = {
        "hidden_size": heads * draw(st.sampled_from([4, 16])), "num_attention_heads": heads,
        "num_hidden_layers": draw(st.integers(1, 3)), "intermediate_size": draw(st.integers(1, 40)),
        "hidden_act": draw(st.sampled_from(["gelu", "relu", "gelu_new"])),
    }  # fmt: skip
    if family == "electra":
        changed["embedding_size"] = draw(st.sampled_from([changed["hidden_size"], 6]))
    lengths = draw(st.lists(st.integers(1, 40) | st.integers(100, 200), min_size=1, max_size=9))
    return Case(family, changed, tuple(lengths), draw(st.integers(0, 1000)))


def answers(way: Any, trunk: nn.Module, batch: Packed) -> tuple[Tensor, dict[str, Tensor]]:
    """States that are read, and the gradients of some function of them."""
    states = way.read(trunk, batch)[: batch.count]
    weights = torch.linspace(-1, 1, states.numel(), dtype=states.dtype).view(states.shape)
    trunk.zero_grad()
    ((states + states**2) * weights).sum().backward()
    return states.detach(), {n: p.grad for n, p in trunk.named_parameters() if p.grad is not None}


@settings(max_examples=40, deadline=None)
@given(case=cases())
@pytest.mark.parametrize("in_rows", [False, True], ids=["groups", "rows"])
@pytest.mark.parametrize("dtype", EXACT, ids=str)
def test_states_and_gradients_are_those_of_transformers(dtype: torch.dtype, in_rows: bool, case: Case) -> None:
    trunk = case.model().to(dtype)
    has_segments = getattr(trunk.config, "type_vocab_size", 0) > 1

    ours, gradients = answers(packed, trunk, case.batch(has_segments=has_segments, in_rows=in_rows))
    theirs, expected = answers(padded, trunk, case.batch(has_segments=has_segments, in_rows=False))

    torch.testing.assert_close(ours, theirs, rtol=0, atol=EXACT[dtype] * float(theirs.abs().max()))
    assert gradients.keys() == expected.keys()
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=0, atol=EXACT[dtype] * largest, msg=name)


def test_a_token_spelt_as_padding_has_the_position_of_transformers() -> None:
    """RoBERTa counts what is not padding, even inside of a text."""
    trunk = Case("roberta", {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}, (), 1).model()
    lengths, reads = np.array([6, 4]), np.array([[0, 5], [1, 3], [0, 0]])
    padding = trunk.config.pad_token_id
    batch = pack(np.array([7, padding, 8, padding, 9, 10, 7, padding, 8, 9]), None, lengths, reads, CPU)
    ids = torch.tensor([[7, padding, 8, padding, 9, 10], [7, padding, 8, 9, padding, padding]])
    text = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])

    expected = trunk(input_ids=ids, attention_mask=text).last_hidden_state[reads[:, 0], reads[:, 1]]

    torch.testing.assert_close(packed.read(trunk, batch), expected, rtol=0, atol=2e-6)


def test_what_is_read_comes_in_the_order_in_which_it_was_asked_for() -> None:
    """Twice, too, if it was asked for twice."""
    trunk = Case("bert", {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}, (), 1).model()
    lengths, tokens = np.array([3, 130, 20]), np.arange(153) % WORDS
    reads = np.array([[2, 4], [0, 1], [2, 4], [1, 129], [0, 0]])

    found = packed.read(trunk, pack(tokens, None, lengths, reads, CPU))

    for state, read in zip(found, reads, strict=True):
        alone = packed.read(trunk, pack(tokens, None, lengths, read[None], CPU))
        torch.testing.assert_close(state, alone[0], rtol=0, atol=2e-6)


def test_dropout_must_be_ours_in_training() -> None:
    """torch's own would draw from the global generator."""
    config = BertConfig(vocab_size=WORDS, hidden_size=8, num_attention_heads=2, intermediate_size=8)
    batch = pack(np.array([3, 4]), None, np.array([2]), np.array([[0, 0]]), CPU)
    with pytest.raises(ValueError, match="dropout of our own"):
        packed.read(AutoModel.from_config(config).train(), batch)


# Groups


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(1, 200))
def test_groups_hold_every_text_once_and_stay_narrow(lengths: list[int], width: int) -> None:
    """No two groups could be one: that would be room given away."""
    groups = group(np.array(lengths), width)
    totals = sorted(sum(lengths[text] for text in some) for some in groups)

    assert sorted(text for some in groups for text in some) == list(range(len(lengths)))
    assert totals[-1] <= max(width, *lengths)
    assert len(totals) == 1 or totals[0] + totals[1] > max(width, *lengths)


# Attention

FIRST, SECOND = [0.0, 0.0, -torch.inf, -torch.inf, -torch.inf], [-torch.inf, -torch.inf, 0.0, 0.0, 0.0]
LOOKS = (
    Look(slice(0, 3), slice(0, 5), torch.tensor([FIRST, FIRST, SECOND])),
    Look(slice(3, 3), slice(5, 8), None),  # nothing is read of this group
    Look(slice(3, 5), slice(8, 12), None),
)  # fmt: skip


def plain(queries: Tensor, keys_values: Tensor, heads: int, factors: list[Tensor], scale: float) -> Tensor:
    """Attention head by head and group by group, as the paper writes it."""
    results = []
    for look, factor in zip(LOOKS, factors, strict=True):
        keys, values = keys_values[look.keys].chunk(2, dim=1)
        by_head = []
        for head, (q, k, v) in enumerate(
            zip(queries[look.queries].chunk(heads, 1), keys.chunk(heads, 1), values.chunk(heads, 1), strict=True)
        ):
            scores = q @ k.T / q.shape[1] ** 0.5 + (0 if look.bias is None else look.bias)
            by_head.append(torch.softmax(scores, dim=-1) * factor[head] * scale @ v)
        results.append(torch.cat(by_head, dim=1))
    return torch.cat(results)


@pytest.mark.parametrize("has_dropout", [False, True])
def test_attention_and_its_gradients_are_those_of_the_formula(has_dropout: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    queries, keys_values = (
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in ((5, 6), (12, 12))
    )
    shapes = [(2, *look.shape) for look in LOOKS]
    factors = [torch.ones(shape).bernoulli_(0.6, generator=generator).double() for shape in shapes]
    kept = Kept(torch.cat([factor.flatten() for factor in factors]), 1.7) if has_dropout else None

    ours = attend(queries, keys_values, 2, LOOKS, kept)

    expected = plain(
        queries, keys_values, 2, factors if kept else [torch.ones(s) for s in shapes], kept.scale if kept else 1.0
    )
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-14)
    assert torch.autograd.gradcheck(lambda q, kv: attend(q, kv, 2, LOOKS, kept), (queries, keys_values))


def rows_of(lengths: list[int], readers: list[int]) -> Rows:
    """Texts one to a row; of their tokens, those that look."""
    bounds = np.cumsum([0, *lengths])
    texts = np.repeat(np.arange(len(lengths)), lengths)
    sides = [side(np.array(looking), texts, bounds) for looking in (readers, range(sum(lengths)))]
    return Rows(*(Side(**{name: torch.from_numpy(part) for name, part in parts.items()}) for parts in sides))


@pytest.mark.parametrize("has_dropout", [False, True])
def test_attention_in_rows_is_that_of_the_formula(has_dropout: bool) -> None:
    """Three texts, one of which nobody reads, in rows that have room for eight tokens, and a row more."""
    generator = torch.Generator().manual_seed(4)
    lengths, readers, heads = [5, 3, 4], [0, 3, 4, 8, 11], 2
    rows = rows_of(lengths, readers)
    queries, keys_values = (
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in ((5, 6), (12, 12))
    )
    factors = torch.ones(heads, *rows.shape, dtype=torch.float64).bernoulli_(0.6, generator=generator)
    kept = Kept(factors.flatten(), 1.7) if has_dropout else None

    ours = row_attention.attend(queries, keys_values, heads, rows, kept)

    for reader, token in enumerate(readers):
        text = int(np.searchsorted(np.cumsum(lengths), token, side="right"))
        keys, values = keys_values[sum(lengths[:text]) : sum(lengths[: text + 1])].chunk(2, dim=1)
        row, place = divmod(int(rows.queries.places[reader]), rows.queries.tokens.shape[1])
        for head in range(heads):
            q, k, v = (x[..., 3 * head : 3 * head + 3] for x in (queries[reader], keys, values))
            weights = torch.softmax(k @ q / 3**0.5, dim=0)
            if kept is not None:
                weights = weights * factors[head, row, place, : len(k)] * kept.scale
            torch.testing.assert_close(ours[reader, 3 * head : 3 * head + 3], weights @ v, rtol=0, atol=1e-14)
    assert torch.autograd.gradcheck(
        lambda q, kv: row_attention.attend(q, kv, heads, rows, kept), (queries, keys_values)
    )


@given(lengths=st.lists(st.integers(1, 40) | st.integers(100, 200), min_size=1, max_size=40), seed=st.integers(0, 99))
def test_what_fills_rows_up_is_read_by_nobody(lengths: list[int], seed: int) -> None:
    """Batches of about the same size have the same shapes, so that a step of one is a step of all."""
    draw = np.random.default_rng(seed)
    reads = np.stack([np.arange(len(lengths)), draw.integers(0, lengths)], axis=1)
    batch = pack(np.arange(sum(lengths)), None, np.array(lengths), reads, CPU, in_rows=True)
    asked = batch.reads[batch.asked][: batch.count]

    assert isinstance(batch.last_looks, Rows)
    assert len(batch.tokens) % 128 == 0
    assert sum(lengths) <= len(batch.tokens) < sum(lengths) + 128
    assert batch.texts[asked].tolist() == reads[:, 0].tolist()
    assert batch.positions[asked].tolist() == reads[:, 1].tolist()
    assert int(batch.positions.max()) < max(lengths)  # no further than the model is known to read
    seen = ~batch.last_looks.apart.flatten(0, 1)[batch.last_looks.queries.places[batch.asked[: batch.count]]]
    assert seen.sum(dim=1).tolist() == [lengths[text] for text in reads[:, 0]]  # each all of its own text, no more


def test_attention_weights_are_dropped_by_the_stream_of_their_layer() -> None:
    """Their number is that of the groups; another step drops others."""
    dropout = Dropout(0.5, bits=1)
    like = torch.zeros(1)
    first = dropout.draw((500,), like)
    dropout.step = 1
    second = dropout.draw((500,), like)

    assert first is not None
    assert second is not None
    assert not torch.equal(first.factors, second.factors)
    assert set(first.factors.tolist()) == {0.0, 1.0}
    assert first.scale == 2
