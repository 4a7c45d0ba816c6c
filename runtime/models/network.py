"""A trunk with a head of ours: what is trained on a task."""

import torch
from torch import Tensor, nn

from ..training.seeds import torch_generator
from .checkpoint import State

# Shapes: B batch, T tokens, R tokens that the head reads, H hidden, C outputs


class Head(nn.Module):
    """Dropout and one linear layer on a vector of the trunk."""

    def __init__(self, hidden_size: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        # Its weights come from a stream of their own; torch would draw some from the global generator first.
        self.linear: nn.Linear = nn.utils.skip_init(nn.Linear, hidden_size, outputs)  # type: ignore[no-untyped-call]  # has none

    def forward(self, vectors: Tensor) -> Tensor:
        """(R, H) -> (R, C)."""
        return self.linear(self.dropout(vectors))  # type: ignore[no-any-return]  # modules are callables of Any


class Network(nn.Module):
    """A trunk and a head, which reads one vector of the trunk for each token that a batch names.

    That is the token's last state; where a head answers for whole inputs, and the trunk has a pooler, it is the pooled
    output, which the trunk makes from the first token of each.
    """

    def __init__(self, trunk: nn.Module, head: Head, *, answers_for_whole_inputs: bool = True) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.reads_pooled = answers_for_whole_inputs and getattr(trunk, "pooler", None) is not None

    def forward(self, inputs: dict[str, Tensor], reads: Tensor) -> Tensor:
        """(B, T) token ids and what belongs to them, and what of it the head reads (R, 2) -> (R, C)."""
        return self.head(self.read(inputs, reads))  # type: ignore[no-any-return]  # as above

    def read(self, inputs: dict[str, Tensor], reads: Tensor) -> Tensor:
        """The vectors (R, H) that the head reads."""
        found = self.trunk(**inputs)
        if self.reads_pooled:
            return found.pooler_output  # type: ignore[no-any-return]  # as above; R is B
        example, token = reads.unbind(dim=1)
        return found.last_hidden_state[example, token]  # type: ignore[no-any-return]  # as above


def fresh_head(outputs: int, hidden_size: int, deviation: float, bits: int) -> State:
    """Weights of a head before training: normal, with biases of zero, as BERT draws its own (Devlin et al. 2019).

    Args:
        deviation: the model's `initializer_range`.
        bits: the stream they are drawn from.
    """
    weight = torch.empty(outputs, hidden_size).normal_(0.0, deviation, generator=torch_generator(bits))
    return {"linear.weight": weight, "linear.bias": torch.zeros(outputs)}
