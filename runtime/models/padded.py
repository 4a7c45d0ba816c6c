"""The forward pass of transformers: for trunks that `packed` does not know, and for comparing the two."""

from typing import Any

import torch
from torch import Tensor, nn

from ..families import FAMILIES
from .packing import Packed
from .products import emulating

# Shapes: B texts, T tokens of the longest, R tokens that the head reads, H hidden


def read(trunk: nn.Module, batch: Packed, products: torch.dtype | None = None) -> Tensor:
    """The last states (R, H) of the tokens that are read, in the order in which they were asked for.

    Args:
        products: the type that layers multiply in, as `torch.autocast` has it; None: that of the parameters.
    """
    config: Any = trunk.config
    inputs = side_by_side(batch, config.pad_token_id or 0)
    if not FAMILIES[config.model_type].reads_segments:
        inputs.pop("token_type_ids", None)
    device = batch.tokens.device
    with torch.autocast(device.type, products, enabled=products is not None), emulating(products, device):
        states = trunk(**inputs).last_hidden_state  # (B, T, H)
    asked = batch.reads[batch.asked]
    found = states[batch.texts[asked], batch.positions[asked]]
    return found.to(next(trunk.parameters()).dtype)  # type: ignore[no-any-return]  # modules are callables of Any


def side_by_side(batch: Packed, padding: int) -> dict[str, Tensor]:
    """Texts filled up to the longest, (B, T) each, by the names that transformers gives them."""
    shape = (int(batch.texts.max()) + 1, int(batch.positions.max()) + 1)

    def filled(values: Tensor, filling: int) -> Tensor:
        whole = torch.full(shape, filling, dtype=values.dtype, device=values.device)
        whole[batch.texts, batch.positions] = values
        return whole

    inputs = {"input_ids": filled(batch.tokens, padding), "attention_mask": filled(torch.ones_like(batch.tokens), 0)}
    if batch.segments is not None:
        inputs["token_type_ids"] = filled(batch.segments, 0)
    return inputs
