"""Attention in plain matrix products, with the dropout of the module that calls it.

transformers' own attention functions draw from the global generator. Ours asks the calling module's own dropout, which
we have replaced by one with a stream of its own (dropout.py).
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "ticketlang"

# Shapes: B batch, A heads, T tokens, D size of a head


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1), in the signature transformers asks for.

    Args:
        query, key, value: (B, A, T, D).
        attention_mask: (B, 1, T, T), zero where a token may look and a very negative number elsewhere; None: anywhere.
        dropout: not used; the module's own knows its share and its stream.
    """
    scores = torch.matmul(query * scaling, key.transpose(2, 3))  # (B, A, T, T)
    if attention_mask is not None:
        scores = scores + attention_mask
    # By the name of the second in BERT and most others; ALBERT's module has another one for what attention gives.
    dropped: nn.Module = getattr(module, "attention_dropout", None) or module.dropout  # type: ignore[assignment]  # torch types any attribute as perhaps a tensor
    weights = dropped(torch.softmax(scores, dim=-1))
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None  # (B, T, A, D)


def register() -> None:
    """Make it known to transformers under `NAME`. Registering it twice changes nothing."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, eager_mask)
