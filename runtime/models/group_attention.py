"""Attention within groups of texts, forward and backward, in products that read and write in place.

A group is a slice of the batch, so nothing is copied, gathered or filled up; its scores are small enough to stay in
the processor's cache until they are used up. What scales them, dropout's scale among it, is a factor of the products.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .dropout import Kept
from .packing import Look

# Shapes: R tokens that look, P tokens they look at, A heads, D size of a head; of one group, Q of R and L of P


def attend(queries: Tensor, keys_values: Tensor, heads: int, looks: Sequence[Look], kept: Kept | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) of every group by itself.

    Args:
        queries: (R, H).
        keys_values: (P, 2H), keys before values.
        kept: of the attention weights (sum of A Q L), one group after another; None: all.

    Returns:
        (R, H).
    """
    return _Attention.apply(queries, keys_values, heads, looks, kept)  # type: ignore[no-any-return, no-untyped-call]  # has none


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, keys_values: Tensor, heads: int, looks: Sequence[Look], kept: Kept | None
    ) -> Tensor:
        found = torch.empty_like(queries)
        factors = _factors(kept, heads, looks)
        scale = 1.0 if kept is None else kept.scale
        weights = []
        for look, factor in zip(looks, factors, strict=True):
            query, key, value = _of_group(queries, keys_values, heads, look)
            weight = torch.softmax(_scores(query, key, look.bias), dim=-1)  # (A, Q, L)
            kept_weight = weight if factor is None else weight * factor
            _by_head(found[look.queries], heads).copy_(scaled_product(kept_weight, value, scale))
            weights.append(weight)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(queries, keys_values, *weights)
            ctx.heads, ctx.looks, ctx.factors, ctx.scale = heads, looks, factors, scale
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        queries, keys_values, *weights = ctx.saved_tensors
        for_queries, for_keys_values = torch.empty_like(queries), torch.empty_like(keys_values)
        for look, weight, factor in zip(ctx.looks, weights, ctx.factors, strict=True):
            query, key, value = _of_group(queries, keys_values, ctx.heads, look)
            for_query, for_key, for_value = _of_group(for_queries, for_keys_values, ctx.heads, look)
            for_result = _by_head(gradient[look.queries], ctx.heads)
            for_weight = torch.bmm(for_result, value.transpose(1, 2))  # (A, Q, L)
            if factor is not None:
                for_weight.mul_(factor)
            kept_weight = weight if factor is None else weight * factor
            for_value.copy_(scaled_product(kept_weight.transpose(1, 2), for_result, ctx.scale))
            for_scores = torch._softmax_backward_data(for_weight, weight, -1, weight.dtype)
            scale = ctx.scale * query.shape[-1] ** -0.5
            for_query.copy_(scaled_product(for_scores, key, scale))
            for_key.copy_(scaled_product(for_scores.transpose(1, 2), query, scale))
        return for_queries, for_keys_values, None, None, None


def _scores(query: Tensor, key: Tensor, bias: Tensor | None) -> Tensor:
    """(A, Q, D), (A, L, D) -> (A, Q, L)."""
    scale = query.shape[-1] ** -0.5
    if bias is None:
        return scaled_product(query, key.transpose(1, 2), scale)
    return torch.baddbmm(bias.to(query.dtype), query, key.transpose(1, 2), alpha=scale)


def scaled_product(one: Tensor, other: Tensor, scale: float) -> Tensor:
    """The product of each head, scaled at no cost."""
    nothing = one.new_empty(())  # that it is added to, times zero
    return torch.baddbmm(nothing, one, other, beta=0, alpha=scale)


def _of_group(queries: Tensor, keys_values: Tensor, heads: int, look: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Views of a group's queries (A, Q, D), keys and values (A, L, D)."""
    keys, values = keys_values[look.keys].chunk(2, dim=1)
    return _by_head(queries[look.queries], heads), _by_head(keys, heads), _by_head(values, heads)


def _by_head(vectors: Tensor, heads: int) -> Tensor:
    """(Q, H) -> (A, Q, D), a view."""
    return vectors.view(len(vectors), heads, vectors.shape[1] // heads).transpose(0, 1)


def _factors(kept: Kept | None, heads: int, looks: Sequence[Look]) -> list[Tensor | None]:
    """What is kept of each group's weights (A, Q, L)."""
    if kept is None:
        return [None] * len(looks)
    shapes = [(heads, *look.shape) for look in looks]
    parts = torch.split(kept.factors, [math.prod(shape) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
