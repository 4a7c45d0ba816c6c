"""Attention within rows, forward and backward: one product for all rows and heads.

What is gathered into rows is gathered back by the inverse, so that no gradient is added up in an order of the device's
own.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .dropout import Kept
from .group_attention import scaled_product
from .rows import NOBODY, Rows, Side

# Shapes: R tokens that look, P tokens they look at, A heads, D size of a head; G rows of Q and of W places


def attend(queries: Tensor, keys_values: Tensor, heads: int, rows: Rows, kept: Kept | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) of every text by itself.

    Args:
        queries: (R, H).
        keys_values: (P, 2H), keys before values.
        kept: of the attention weights (A G Q W); None: all.

    Returns:
        (R, H).
    """
    return _Attention.apply(queries, keys_values, heads, rows, kept)  # type: ignore[no-any-return, no-untyped-call]  # has none


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, keys_values: Tensor, heads: int, rows: Rows, kept: Kept | None
    ) -> Tensor:  # fmt: skip
        query = _in_rows(queries, heads, rows.queries)
        key, value = _in_rows(keys_values, 2 * heads, rows.keys).chunk(2)
        scores = scaled_product(query, key.transpose(1, 2), query.shape[-1] ** -0.5)  # (A G, Q, W)
        scores.view(heads, *rows.shape).masked_fill_(rows.apart, -torch.inf)
        weights = torch.softmax(scores, dim=-1)
        factors = None if kept is None else kept.factors.view_as(weights)
        scale = 1.0 if kept is None else kept.scale
        found = scaled_product(weights if factors is None else weights * factors, value, scale)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(query, key, value, weights, factors)
            ctx.heads, ctx.rows, ctx.scale = heads, rows, scale
        return _in_line(found, heads, rows.queries)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights, factors = ctx.saved_tensors
        for_found = _in_rows(gradient, ctx.heads, ctx.rows.queries)
        is_there = (ctx.rows.queries.texts != NOBODY).to(gradient.dtype)  # (G, Q)
        for_found.view(ctx.heads, *is_there.shape, -1).mul_(is_there[..., None])
        for_weights = torch.bmm(for_found, value.transpose(1, 2))
        if factors is not None:
            for_weights.mul_(factors)
        kept_weights = weights if factors is None else weights * factors
        for_value = scaled_product(kept_weights.transpose(1, 2), for_found, ctx.scale)
        for_scores = torch._softmax_backward_data(for_weights, weights, -1, weights.dtype)
        scale = ctx.scale * query.shape[-1] ** -0.5
        for_query = scaled_product(for_scores, key, scale)
        for_key = scaled_product(for_scores.transpose(1, 2), query, scale)
        keys, queries = ctx.rows.keys, ctx.rows.queries
        for_keys_values = torch.cat([_in_line(for_key, ctx.heads, keys), _in_line(for_value, ctx.heads, keys)], dim=1)
        return _in_line(for_query, ctx.heads, queries), for_keys_values, None, None, None


def _in_rows(vectors: Tensor, heads: int, side: Side) -> Tensor:
    """(R, A D) -> (A G, W, D)."""
    by_head = vectors.view(len(vectors), heads, -1).transpose(0, 1)
    rows, width = side.tokens.shape
    return by_head.index_select(1, side.tokens.flatten()).view(heads * rows, width, -1)


def _in_line(found: Tensor, heads: int, side: Side) -> Tensor:
    """(A G, W, D) -> (R, A D)."""
    by_head = found.view(heads, side.tokens.numel(), -1).index_select(1, side.places)
    return by_head.transpose(0, 1).reshape(len(side.places), -1)
