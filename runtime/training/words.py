"""The word embeddings that a training sees, trained by themselves.

A task uses a few thousand of a model's words. The rows of the others never have a gradient, so without weight decay
AdamW leaves them where they are; yet their gradients, moments and updates would cost as much as those of all layers of
a small model. So what is trained is a copy of the rows that are seen, put back after every step.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from ..models.heads import MaskedWordsHead
from ..models.network import Network
from ..models.packed import can_be_packed
from .batches import Encoded


class SeenWords(nn.Embedding):
    """Stands in the place of word embeddings, with the very same parameter, while they are trained."""

    def __init__(self, words: nn.Embedding, seen: Tensor) -> None:
        """Of the ids that batches may have, rising, on the device of the words."""
        size, width = words.weight.shape
        super().__init__(size, width, padding_idx=words.padding_idx, _weight=words.weight)
        self.weight = words.weight  # the parameter itself: `_weight` is wrapped anew
        self.seen = seen
        self._rows = (nn.Parameter(words.weight.detach()[seen]),)  # in a tuple torch does not see it
        self.row_of = torch.full((size,), size, device=seen.device)  # of what is not seen: none, and an error
        self.row_of[seen] = torch.arange(len(seen), device=seen.device)
        is_seen = words.padding_idx is not None and bool((seen == words.padding_idx).any())
        self.padding_row = int(self.row_of[words.padding_idx]) if is_seen else None

    @property
    def rows(self) -> nn.Parameter:
        """What is trained, (words seen, H)."""
        return self._rows[0]

    def forward(self, tokens: Tensor) -> Tensor:
        if not self.training:
            return super().forward(tokens)
        return embedding(self.row_of[tokens], self.rows, self.padding_row)

    def put_back_(self) -> None:
        """Let the whole embeddings be as they were trained."""
        self.weight.detach().index_copy_(0, self.seen, self.rows.detach())


def see_words(network: Network, examples: Iterable[Encoded], *, decays: bool) -> SeenWords | None:
    """Put the words that some examples have in the place of all. None: all of them are trained.

    Args:
        decays: the optimizer moves weights that have no gradient.
    """
    if decays or any(isinstance(head, MaskedWordsHead) for head in network.heads):
        return None
    trunk: Any = network.trunk  # torch knows modules alone
    words = trunk.get_input_embeddings()
    # Where batches are filled up, a network is shown padding, too; it never learns anything there.
    padding = [] if can_be_packed(trunk) else [trunk.config.pad_token_id or 0]
    ids = np.unique(np.concatenate([*(np.unique(some.tokens) for some in examples), padding])).astype(np.int64)
    seen = SeenWords(words, torch.from_numpy(ids).to(words.weight.device))
    trunk.set_input_embeddings(seen)
    return seen


def trained_parameters(network: Network, words: SeenWords | None) -> dict[str, nn.Parameter]:
    """What the optimizer moves, by the names of the network."""
    parameters = dict(network.named_parameters())
    if words is None:
        return parameters
    return {name: words.rows if whole is words.weight else whole for name, whole in parameters.items()}
