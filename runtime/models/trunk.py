"""The trunk: the base network of a model folder, with its pooler where the checkpoint has one."""

from pathlib import Path

import torch
from attrs import frozen
from torch import nn
from transformers import AutoConfig, AutoModel

from ..failures import JobFailed
from ..families import FAMILIES, Family
from . import attention
from .checkpoint import State, read_trunk, trunk_names
from .description import ModelDescription, describe_model


@frozen(eq=False)
class Pretrained:
    """A model folder, loaded. Its trunk is a pattern to copy from, and nobody trains it."""

    folder: Path
    description: ModelDescription
    pattern: nn.Module
    initializer_range: float  # standard deviation of weights before any training
    head_dropout: float  # share dropped before a head on whole inputs
    token_head_dropout: float  # and before one on single tokens

    @property
    def family(self) -> Family:
        return self.description.family

    @property
    def hidden_size(self) -> int:
        return int(self.pattern.config.hidden_size)  # type: ignore[union-attr, arg-type]  # torch knows modules alone

    @property
    def heads(self) -> int:
        """Attention heads in a layer."""
        return int(self.pattern.config.num_attention_heads)  # type: ignore[union-attr, arg-type]  # as above

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters of the trunk, in the order of the network."""
        return tuple(name for name, _ in self.pattern.named_parameters())

    @property
    def prefix(self) -> str:
        """What checkpoints with a head put before the trunk's names."""
        return _prefix(self.pattern)

    def read_again(self) -> State:
        """The pre-trained weights from the files themselves: nothing that happened in this process is in them."""
        return read_trunk(self.folder, self.prefix, self.names)


def load(folder: Path) -> Pretrained:
    """Build the network of a local folder and fill it with the checkpoint's weights.

    Raises:
        JobFailed: if the family is unknown, or the checkpoint lacks parameters.
    """
    description = describe_model(folder)
    if not description.is_supported:
        raise JobFailed(
            f"models of type `{description.model_type}` cannot be pruned yet; those of {', '.join(FAMILIES)} can"
        )
    attention.register()
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.random.fork_rng(devices=[]):  # building draws weights, which are overwritten below
        network = AutoModel.from_config(  # type: ignore[no-untyped-call]  # comes without types
            config, attn_implementation=attention.NAME, dtype=torch.float32, trust_remote_code=False
        )
    names = tuple(name for name, _ in network.named_parameters())
    family, there = description.family, trunk_names(folder, _prefix(network))
    if family.pooler is not None and f"{family.pooler.dense}.weight" not in there:
        network.pooler = None
        names = tuple(name for name in names if not name.startswith("pooler."))
    _refuse_other_network(network, family, there)
    network.load_state_dict(read_trunk(folder, _prefix(network), names), strict=True)
    dropout = getattr(config, family.dropout)
    head_dropout = getattr(config, family.head_dropout, None)
    token_head_dropout = getattr(config, family.token_head_dropout) if family.token_head_dropout else 0.0
    return Pretrained(
        folder=folder,
        description=description,
        pattern=network,
        initializer_range=float(config.initializer_range),
        head_dropout=float(dropout if head_dropout is None else head_dropout),
        token_head_dropout=float(token_head_dropout),
    )


def _refuse_other_network(network: nn.Module, family: Family, names: frozenset[str]) -> None:
    """Refuse a checkpoint with more layers or parts than the network has: it was trained to compute something else.

    Such are BERTs whose attention goes by the distance of tokens (`relative_key`): transformers builds them no longer,
    and without a word.
    """
    there = {name for name, _ in (*network.named_parameters(), *network.named_buffers())}
    if more := sorted(name for name in names if name.startswith(("embeddings.", family.root)) and name not in there):
        raise JobFailed(
            f"the checkpoint has {len(more)} parameters that the network of its configuration lacks, `{more[0]}` first:"
            " it is of another network"
        )


def _prefix(network: nn.Module) -> str:
    return str(network.base_model_prefix)
