"""Heads: what turns a vector of the trunk into answers. They are never pruned."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from ..failures import JobFailed
from ..families import FAMILIES
from ..training.seeds import torch_generator
from .checkpoint import State, read_named
from .pooling import has_pooler
from .trunk import Pretrained

# Shapes: R tokens that the head reads, H hidden, E size of a word embedding, C outputs, V words


class Head(nn.Module):
    """Dropout and one linear layer; before them another one, where transformers has that in the pooler's place."""

    def __init__(
        self,
        hidden_size: int,
        outputs: int,
        dropout: float,
        *,
        answers_for_whole_inputs: bool,
        activation: str | None = None,
    ) -> None:
        """Args: activation: of the layer before; None: there is none."""
        super().__init__()
        self.answers_for_whole_inputs = answers_for_whole_inputs
        # Its weights come from a stream of their own; torch would draw some from the global generator first.
        self.dense: nn.Linear | None = None if activation is None else _unfilled(hidden_size, hidden_size)
        self.activation: nn.Module = nn.Identity() if activation is None else ACT2FN[activation]
        self.dropout = nn.Dropout(dropout)
        self.linear = _unfilled(hidden_size, outputs)

    def forward(self, vectors: Tensor) -> Tensor:
        """(R, H) -> (R, C)."""
        if self.dense is not None:
            vectors = self.activation(self.dense(vectors))
        return self.linear(self.dropout(vectors))  # type: ignore[no-any-return]  # modules are callables of Any


class MaskedWordsHead(nn.Module):
    """The head of masked language modelling (Devlin et al. 2019, appendix A.1): a layer, a norm, and the word
    embeddings of the trunk turned round, with a bias for each word.

    The embeddings belong to the trunk. They are not among the parameters of this module.
    """

    answers_for_whole_inputs = False

    def __init__(self, embeddings: nn.Embedding, hidden_size: int, activation: str, epsilon: float) -> None:
        super().__init__()
        words, size = embeddings.weight.shape
        self.embeddings = (embeddings,)  # in a tuple torch does not see it
        self.dense = _unfilled(hidden_size, size)
        self.activation = ACT2FN[activation]
        self.norm = nn.LayerNorm(size, eps=epsilon)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, vectors: Tensor) -> Tensor:
        """(R, H) -> (R, V)."""
        words = self.embeddings[0].weight  # (V, E)
        return nn.functional.linear(self.norm(self.activation(self.dense(vectors))), words, self.bias)


AnyHead = Head | MaskedWordsHead


def _unfilled(inputs: int, outputs: int) -> nn.Linear:
    return nn.utils.skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-any-return, no-untyped-call]  # has none


def build_head(model: Pretrained, trunk: nn.Module, outputs: int | None, *, answers_for_whole_inputs: bool) -> AnyHead:
    """A head with its parameters still to be filled in.

    Args:
        trunk: that it will stand on, whose word embeddings it may share.
        outputs: numbers for each vector; None: one for each word of the model.
    """
    family = model.family
    if outputs is not None:
        # Heads on single tokens have no dropout, as in the fine-tuning of Devlin et al. 2019 on SQuAD, but for families
        # that have a setting for it.
        dropout = model.head_dropout if answers_for_whole_inputs else model.token_head_dropout
        activation = family.head_activation if answers_for_whole_inputs and not has_pooler(trunk) else None
        return Head(
            model.hidden_size,
            outputs,
            dropout,
            answers_for_whole_inputs=answers_for_whole_inputs,
            activation=activation,
        )
    config: Any = model.pattern.config
    activation = "gelu" if family.words.activation is None else str(getattr(config, family.words.activation))
    epsilon = 1e-12 if family.epsilon is None else float(getattr(config, family.epsilon))
    embeddings = trunk.get_input_embeddings()  # type: ignore[operator]  # torch knows modules alone
    return MaskedWordsHead(embeddings, model.hidden_size, activation, epsilon)


def fresh_head(head: AnyHead, deviation: float, bits: int) -> State:
    """Weights of a head before training: matrices normal, biases zero, norms one, as BERT draws its own.

    Args:
        deviation: the model's `initializer_range`.
        bits: the stream they are drawn from.
    """
    generator = torch_generator(bits)

    def drawn(name: str, shape: torch.Size) -> Tensor:
        if len(shape) > 1:
            return torch.empty(shape).normal_(0.0, deviation, generator=generator)
        return torch.ones(shape) if name == "norm.weight" else torch.zeros(shape)

    return {name: drawn(name, parameter.shape) for name, parameter in head.named_parameters()}


def pretrained_head(model: Pretrained, head: AnyHead) -> State:
    """Weights of the head that the model was pre-trained with.

    Raises:
        JobFailed: if there is none, or if it does not share the word embeddings.
    """
    names = model.family.words.parameters
    if not isinstance(head, MaskedWordsHead):
        raise JobFailed("a model is pre-trained with a head for masked words alone; say `head fresh`")
    found = read_named(model.folder, {*names.values(), *DECODERS})
    if missing := [name for name in names.values() if name not in found]:
        raise JobFailed(
            f"the weights in {model.folder} lack `{missing[0]}` of a head for masked words; say `head fresh`"
        )
    words = model.pattern.get_input_embeddings().weight.detach()  # type: ignore[operator]  # as above
    for name in DECODERS:
        if name in found and not torch.equal(found[name], words):
            raise JobFailed(f"`{name}` in {model.folder} is not the word embeddings, and heads that do not share them"
                            " cannot be used yet; say `head fresh`")  # fmt: skip
    return {ours: found[theirs] for ours, theirs in names.items()}


# What checkpoints may hold beside the head: the word embeddings once more.
DECODERS = tuple(dict.fromkeys(family.words.decoder for family in FAMILIES.values()))
