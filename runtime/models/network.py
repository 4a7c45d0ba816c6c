"""A trunk with heads of ours: what is trained on a task, or on several by turns."""

import torch
from torch import Tensor, nn

from . import packed, padded
from .checkpoint import State
from .heads import AnyHead
from .packing import Packed
from .pooling import has_pooler, pool

# Shapes: R tokens that a head reads, H hidden, C outputs


class Network(nn.Module):
    """A trunk and a head, which reads one vector of the trunk for each token that a batch names.

    That is the token's last state; where a head answers for whole inputs, and the trunk has a pooler, it is the pooled
    output, which the trunk makes from the first token of each.
    """

    def __init__(self, trunk: nn.Module, head: AnyHead, *joined: AnyHead, products: torch.dtype | None = None) -> None:
        """Args: products: the type that the trunk multiplies in while it is trained; None: that of its parameters."""
        super().__init__()
        self.products = products
        self.trunk = trunk
        self.head = head
        self.joined = nn.ModuleList(joined)  # heads of the other tasks of a joint training

    def forward(self, batch: Packed, part: int = 0) -> Tensor:
        """Texts, and what of them the head reads -> (R, C).

        Args:
            part: which head answers: 0 the first, 1 the first of those joined.
        """
        answers = self.answers(batch, part)
        return answers if len(answers) == batch.count else answers[: batch.count]

    def answers(self, batch: Packed, part: int) -> Tensor:
        """The same, with answers to what only fills a batch up behind them."""
        head = self.heads[part]
        vectors = self.read(batch, pooled=head.answers_for_whole_inputs and has_pooler(self.trunk))
        return head(vectors)  # type: ignore[no-any-return]  # modules are callables of Any

    def read(self, batch: Packed, *, pooled: bool) -> Tensor:
        """The vectors (R, H) that a head reads."""
        way = packed if packed.can_be_packed(self.trunk) else padded
        states: Tensor = way.read(self.trunk, batch, self.products if self.training else None)
        if not pooled:
            return states
        return pool(self.trunk, states)

    @property
    def reads_rows(self) -> bool:
        """Whether batches are to come in rows, as a GPU takes them best."""
        return next(self.parameters()).device.type == "cuda" and packed.can_be_packed(self.trunk)

    @property
    def heads(self) -> tuple[AnyHead, ...]:
        return (self.head, *self.joined)


def heads_of(network: Network) -> State:
    """A copy of the parameters of all heads: those of the first by their own names, others as `joined.0.NAME`."""
    return {
        name.removeprefix("head."): parameter.detach().to("cpu", copy=True)
        for name, parameter in network.named_parameters()
        if not name.startswith("trunk.")
    }


def load_heads_(network: Network, state: State) -> None:
    """Put heads in place.

    Raises:
        ValueError: unless there is each parameter of each head, and nothing else.
    """
    ours = {
        name.removeprefix("head."): parameter
        for name, parameter in network.named_parameters()
        if not name.startswith("trunk.")
    }
    if ours.keys() != state.keys():
        raise ValueError(f"heads of {sorted(ours)} cannot be loaded from {sorted(state)}")
    with torch.no_grad():
        for name, parameter in ours.items():
            parameter.copy_(state[name])
