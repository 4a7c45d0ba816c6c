"""The forward pass of BERT and its kin over texts without padding, on the parameters of the network of transformers.

What a family calls its parts, and which of them it has, is said in families.py; the steps are the same for all.

It computes what transformers computes, and only what the head reads: in the last layer, the tokens that are read look
at all others, and nothing else is done for the rest. Dropout draws over these shapes.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from attrs import asdict, frozen
from torch import Tensor, nn

from ..families import FAMILIES, Packable
from . import group_attention, row_attention
from .dropout import Dropout, Kept
from .packing import Look, Packed
from .products import product
from .rows import Rows

# Shapes: P tokens of all texts, R tokens that the head reads, H hidden


def can_be_packed(trunk: nn.Module) -> bool:
    """Whether this is an encoder that `read` knows to compute."""
    config: Any = getattr(trunk, "config", None)
    family = FAMILIES.get(getattr(config, "model_type", ""))
    return family is not None and family.packed is not None and not getattr(config, "is_decoder", False)


def read(trunk: nn.Module, batch: Packed, products: torch.dtype | None = None) -> Tensor:
    """The last states (R, H) of the tokens that are read, in the order in which they were asked for.

    Args:
        products: the type that layers multiply in; None: that of the parameters. Attention, sums and norms have theirs.
    """
    parts: Any = trunk  # torch types the attributes of a module as perhaps tensors
    way = _way_of(parts.config.model_type)
    states = _embed(parts, way.family, batch)  # (P, H)
    products = products or states.dtype
    heads = parts.config.num_attention_heads
    *layers, last = way.layers(parts)
    for layer in layers:
        states = _layer(way.parts(layer), heads, states, states, batch.looks, products)
    readers = states.index_select(0, batch.reads)
    return _layer(way.parts(last), heads, readers, states, batch.last_looks, products).index_select(0, batch.asked)


class _Parts(NamedTuple):
    """What a layer computes with."""

    query: Any
    key: Any
    value: Any
    attended: Any
    inner: Any
    outer: Any
    attention_dropout: Any
    attended_norm: Any
    activation: Any
    outer_norm: Any
    attended_dropout: Any = None
    outer_dropout: Any = None


@frozen
class _Way:
    """How to find the parts of a family's networks."""

    family: Packable
    layers: Callable[[Any], Any]  # of a trunk
    parts: Callable[[Any], _Parts]  # of a layer


@cache
def _way_of(model_type: str) -> _Way:
    family = FAMILIES[model_type]
    assert family.packed is not None, "the caller has asked"
    named = {**asdict(family.matrices), **asdict(family.packed)}
    wanted = [name for name in _Parts._fields if named[name] is not None]
    find = attrgetter(*(named[name] for name in wanted))
    return _Way(
        family.packed,
        attrgetter(family.layers.removesuffix(".{}")),
        lambda layer: _Parts(**dict(zip(wanted, find(layer), strict=True))),
    )


def _embed(trunk: Any, family: Packable, batch: Packed) -> Tensor:
    parts = trunk.embeddings
    places = parts.position_embeddings
    # In the order of transformers: the last bits of a sum depend on it.
    states = parts.word_embeddings(batch.tokens)
    if family.segments is not None:
        segments = torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments
        states = states + getattr(parts, family.segments)(segments)
    states = states + places(_positions(batch, places.padding_idx))
    states = parts.dropout(parts.LayerNorm(states))
    if family.projection is not None and (project := getattr(trunk, family.projection, None)) is not None:
        states = project(states)
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


def _layer(
    layer: _Parts, heads: int, readers: Tensor, states: Tensor, looks: Sequence[Look] | Rows, products: torch.dtype
) -> Tensor:
    """One layer of the encoder, for the tokens of `readers` (R, H), which look at `states` (P, H)."""
    queries = _product(readers, layer.query, products=products).to(states.dtype)
    keys_values = _product(states, layer.key, layer.value, products=products).to(states.dtype)
    found = _attend(queries, keys_values, heads, looks, layer.attention_dropout)
    found = _product(found, layer.attended, products=products).to(states.dtype)
    found = layer.attended_norm(_joined(found, readers, layer.attended_dropout))
    inner = layer.activation(_product(found, layer.inner, products=products))
    inner = _product(inner, layer.outer, products=products).to(states.dtype)
    return layer.outer_norm(_joined(inner, found, layer.outer_dropout))  # type: ignore[no-any-return]  # as above


def _attend(
    queries: Tensor, keys_values: Tensor, heads: int, looks: Sequence[Look] | Rows, dropout: nn.Module | None
) -> Tensor:
    if isinstance(looks, Rows):
        weights = heads * math.prod(looks.shape)
        return row_attention.attend(queries, keys_values, heads, looks, _drawn(dropout, (weights,), queries))
    weights = heads * sum(math.prod(look.shape) for look in looks)
    return group_attention.attend(queries, keys_values, heads, looks, _drawn(dropout, (weights,), queries))


def _joined(inner: Tensor, states: Tensor, dropout: nn.Module | None) -> Tensor:
    """What half a layer found, dropout over it, added to what it began with."""
    kept = _drawn(dropout, inner.shape, inner)
    return inner + states if kept is None else torch.addcmul(states, inner, kept.factors, value=kept.scale)


def _product(states: Tensor, *layers: nn.Linear, products: torch.dtype) -> Tensor:
    """What linear layers make of the same states, one layer's beside another's, as one product."""
    weight, bias = _stacked([layer.weight for layer in layers]), _stacked([layer.bias for layer in layers])
    return product(states, weight, bias, products)


def _stacked(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _drawn(dropout: nn.Module | None, shape: Sequence[int], like: Tensor) -> Kept | None:
    if dropout is None:
        return None
    if isinstance(dropout, Dropout):
        return dropout.draw(shape, like)
    if dropout.training and dropout.p:
        raise ValueError("a network is trained with dropout of our own: plant it first")
    return None
