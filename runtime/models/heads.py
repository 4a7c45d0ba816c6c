"""Heads: what turns a vector of the trunk into answers. They are never pruned."""

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from ..failures import JobFailed
from ..training.seeds import torch_generator
from .checkpoint import State, read_named
from .description import MASKED_WORDS_HEADS
from .trunk import Pretrained

# Shapes: R tokens that the head reads, H hidden, E size of a word embedding, C outputs, V words


class Head(nn.Module):
    """Dropout and one linear layer."""

    def __init__(self, hidden_size: int, outputs: int, dropout: float, *, answers_for_whole_inputs: bool) -> None:
        super().__init__()
        self.answers_for_whole_inputs = answers_for_whole_inputs
        self.dropout = nn.Dropout(dropout)
        # Its weights come from a stream of their own; torch would draw some from the global generator first.
        self.linear: nn.Linear = nn.utils.skip_init(nn.Linear, hidden_size, outputs)  # type: ignore[no-untyped-call]  # has none

    def forward(self, vectors: Tensor) -> Tensor:
        """(R, H) -> (R, C)."""
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
        self.dense: nn.Linear = nn.utils.skip_init(nn.Linear, hidden_size, size)  # type: ignore[no-untyped-call]  # as above
        self.activation = ACT2FN[activation]
        self.norm = nn.LayerNorm(size, eps=epsilon)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, vectors: Tensor) -> Tensor:
        """(R, H) -> (R, V)."""
        words = self.embeddings[0].weight  # (V, E)
        return nn.functional.linear(self.norm(self.activation(self.dense(vectors))), words, self.bias)


AnyHead = Head | MaskedWordsHead


def build_head(model: Pretrained, trunk: nn.Module, outputs: int | None, *, answers_for_whole_inputs: bool) -> AnyHead:
    """A head with its parameters still to be filled in.

    Args:
        trunk: that it will stand on, whose word embeddings it may share.
        outputs: numbers for each vector; None: one for each word of the model.
    """
    if outputs is not None:
        # Heads on single tokens have no dropout, as in the fine-tuning of Devlin et al. 2019 on SQuAD.
        dropout = model.head_dropout if answers_for_whole_inputs else 0.0
        return Head(model.hidden_size, outputs, dropout, answers_for_whole_inputs=answers_for_whole_inputs)
    config = model.pattern.config
    activation = str(config.hidden_act) if model.description.model_type == "bert" else "gelu"  # type: ignore[union-attr]  # torch knows modules alone
    embeddings = trunk.get_input_embeddings()  # type: ignore[operator]  # as above
    return MaskedWordsHead(embeddings, model.hidden_size, activation, float(config.layer_norm_eps))  # type: ignore[union-attr, arg-type]  # as above


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
    names = MASKED_WORDS_HEADS[model.description.model_type]
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
DECODERS = ("cls.predictions.decoder.weight", "lm_head.decoder.weight", "generator_lm_head.weight")
