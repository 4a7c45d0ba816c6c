"""Weights as the model's configuration draws them before any pre-training, each from a stream of its own."""

from collections.abc import Collection

import torch
from torch import Tensor, nn

from ..models.checkpoint import State
from ..training.seeds import stream, torch_generator


def redraw(pattern: nn.Module, deviation: float, seed: int, only: Collection[str] | None = None) -> State:
    """Fresh parameters in the shapes of a trunk: matrices and embeddings normal, biases 0, norms 1.

    Args:
        deviation: the model's `initializer_range`.
        only: names to draw; None: all of them. What is drawn for a name does not depend on the others.
    """
    return {
        f"{place}.{name}": _draw(module, name, parameter, deviation, stream(seed, "weights", f"{place}.{name}"))
        for place, module in pattern.named_modules()
        for name, parameter in module.named_parameters(recurse=False)
        if only is None or f"{place}.{name}" in only
    }


def _draw(module: nn.Module, name: str, parameter: Tensor, deviation: float, bits: int) -> Tensor:
    if name == "bias":
        return torch.zeros(parameter.shape)
    if isinstance(module, nn.LayerNorm):
        return torch.ones(parameter.shape)
    drawn = torch.empty(parameter.shape).normal_(0.0, deviation, generator=torch_generator(bits))
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        drawn[module.padding_idx] = 0.0  # padding carries nothing
    return drawn
