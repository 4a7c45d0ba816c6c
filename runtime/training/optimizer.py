"""AdamW on a network, with weight decay on matrices alone, and the clipping of its gradients."""

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor, nn

from ticketlang.study import Optimizer

BETAS = (0.9, 0.999)  # those of BERT and of the released code


def adamw(parameters: Sequence[nn.Parameter], optimizer: Optimizer) -> torch.optim.AdamW:
    """A fresh AdamW (Loshchilov & Hutter 2019, algorithm 2) that has taken no step yet; its rate is set at each step.

    Raises:
        ValueError: for a method that is not AdamW.
    """
    if optimizer.method != "adamw":
        raise ValueError(f"no optimizer is called `{optimizer.method}`")
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": float(optimizer.decay)},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},  # biases and norms
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=BETAS, eps=float(optimizer.epsilon), fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def rate_of(optimizer: torch.optim.Optimizer) -> float:
    """The rate that an optimizer steps at; of groups that disagree, the largest."""
    return max(float(group["lr"]) for group in optimizer.param_groups)


def gradient_norms(gradients: Sequence[Tensor]) -> Tensor:
    """The L2 norm of each gradient, in one row."""
    return torch.stack(torch._foreach_norm(list(gradients)))


def clip_(gradients: Sequence[Tensor], norm: float, largest: Fraction | None) -> None:
    """Scale all gradients by one factor if their common norm is above the largest allowed, as torch's own does.

    Args:
        largest: None: any norm is allowed.
    """
    if largest is not None and (factor := float(largest) / (norm + 1e-6)) < 1:
        torch._foreach_mul_(list(gradients), factor)
