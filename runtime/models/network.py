"""A trunk with a head of ours: what is trained on a task."""

import torch
from torch import Tensor, nn

from ..training.seeds import torch_generator
from .checkpoint import State

# Shapes: B batch, T tokens, H hidden, C outputs


class Head(nn.Module):
    """Dropout and one linear layer on the trunk's vector of a whole input."""

    def __init__(self, hidden_size: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        # Its weights come from a stream of their own; torch would draw some from the global generator first.
        self.linear: nn.Linear = nn.utils.skip_init(nn.Linear, hidden_size, outputs)  # type: ignore[no-untyped-call]  # has none

    def forward(self, pooled: Tensor) -> Tensor:
        return self.linear(self.dropout(pooled))  # type: ignore[no-any-return]  # modules are callables of Any


class Network(nn.Module):
    """A trunk and a head. The head reads the pooled output, or the [CLS] vector where the trunk has no pooler."""

    def __init__(self, trunk: nn.Module, head: Head) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.has_pooler = getattr(trunk, "pooler", None) is not None

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """(B, T) token ids and what belongs to them -> (B, C)."""
        found = self.trunk(**inputs)
        pooled = found.pooler_output if self.has_pooler else found.last_hidden_state[:, 0]  # (B, H)
        return self.head(pooled)  # type: ignore[no-any-return]  # as above


def fresh_head(outputs: int, hidden_size: int, deviation: float, bits: int) -> State:
    """Weights of a head before training: normal, with biases of zero, as BERT draws its own (Devlin et al. 2019).

    Args:
        deviation: the model's `initializer_range`.
        bits: the stream they are drawn from.
    """
    weight = torch.empty(outputs, hidden_size).normal_(0.0, deviation, generator=torch_generator(bits))
    return {"linear.weight": weight, "linear.bias": torch.zeros(outputs)}
