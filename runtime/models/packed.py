"""The forward pass of BERT and its kin over texts without padding, on the parameters of the network of transformers.

It computes what transformers computes, and only what the head reads: in the last layer, the tokens that are read look
at all others, and nothing else is done for the rest. Dropout draws over these shapes.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from .dropout import Dropout, Kept
from .group_attention import attend
from .packing import Look, Packed

# Those of FAMILIES in description.py that are built of the same parts by the same names.
PACKED = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "electra"})

# Shapes: P tokens of all texts, R tokens that the head reads, H hidden


def can_be_packed(trunk: nn.Module) -> bool:
    """Whether this is an encoder that `read` knows to compute."""
    config: Any = getattr(trunk, "config", None)
    return getattr(config, "model_type", None) in PACKED and not config.is_decoder


def read(trunk: nn.Module, batch: Packed, products: torch.dtype | None = None) -> Tensor:
    """The last states (R, H) of the tokens that are read, in the order in which they were asked for.

    Args:
        products: the type that layers multiply in; None: that of the parameters. Attention, sums and norms have theirs.
    """
    parts: Any = trunk  # torch types the attributes of a module as perhaps tensors
    states = _embed(parts, batch)  # (P, H)
    products = products or states.dtype
    *layers, last = parts.encoder.layer
    for layer in layers:
        states = _layer(layer, states, states, batch.looks, products)
    readers = states.index_select(0, batch.reads)
    return _layer(last, readers, states, batch.last_looks, products).index_select(0, batch.asked)


def _embed(trunk: Any, batch: Packed) -> Tensor:
    parts = trunk.embeddings
    segments = torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments
    places = parts.position_embeddings
    # In the order of transformers: the last bits of a sum depend on it.
    states = parts.word_embeddings(batch.tokens) + parts.token_type_embeddings(segments)
    states = states + places(_positions(batch, places.padding_idx))
    states = parts.dropout(parts.LayerNorm(states))
    if hasattr(trunk, "embeddings_project"):  # ELECTRA's may be narrower than its layers
        states = trunk.embeddings_project(states)
    return states  # type: ignore[no-any-return]  # modules are callables of Any


def _positions(batch: Packed, padding: int | None) -> Tensor:
    """The row of each token among the position embeddings.

    RoBERTa counts from behind the row of padding, and leaves out tokens that are spelt as padding.
    """
    if padding is None:
        return batch.positions
    is_text = (batch.tokens != padding).long()
    before = is_text.cumsum(0) - is_text
    firsts = torch.arange(len(is_text), device=is_text.device) - batch.positions
    return (before - before[firsts] + 1) * is_text + padding


def _layer(layer: Any, readers: Tensor, states: Tensor, looks: Sequence[Look], products: torch.dtype) -> Tensor:
    """One layer of the encoder, for the tokens of `readers` (R, H), which look at `states` (P, H)."""
    own = layer.attention.self
    heads = own.num_attention_heads
    queries = _product(readers, own.query, products=products).to(states.dtype)
    keys_values = _product(states, own.key, own.value, products=products).to(states.dtype)
    weights = heads * sum(math.prod(look.shape) for look in looks)
    found = attend(queries, keys_values, heads, looks, _drawn(own.dropout, (weights,), states))
    found = _joined(layer.attention.output, found, readers, products)
    inner = layer.intermediate.intermediate_act_fn(_product(found, layer.intermediate.dense, products=products))
    return _joined(layer.output, inner, found, products)


def _joined(part: Any, inner: Tensor, states: Tensor, products: torch.dtype) -> Tensor:
    """The end of half a layer: a product, dropout, what the half began with added, and a norm."""
    inner = _product(inner, part.dense, products=products).to(states.dtype)
    kept = _drawn(part.dropout, inner.shape, inner)
    joined = inner + states if kept is None else torch.addcmul(states, inner, kept.factors, value=kept.scale)
    return part.LayerNorm(joined)  # type: ignore[no-any-return]  # as above


def _product(states: Tensor, *layers: nn.Linear, products: torch.dtype) -> Tensor:
    """What linear layers make of the same states, one layer's beside another's, as one product."""
    weight, bias = _stacked([layer.weight for layer in layers]), _stacked([layer.bias for layer in layers])
    return linear(states.to(products), weight.to(products), bias.to(products))


def _stacked(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _drawn(dropout: nn.Module, shape: Sequence[int], like: Tensor) -> Kept | None:
    if isinstance(dropout, Dropout):
        return dropout.draw(shape, like)
    if dropout.training and dropout.p:
        raise ValueError("a network is trained with dropout of our own: plant it first")
    return None
