"""Networks of two layers with random weights, in the family of another or with a tokenizer made for a few texts."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from attrs import frozen
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, BertConfig, PreTrainedTokenizerFast

from ..families import FAMILIES
from ..models.description import SAFETENSORS, describe_model
from ..models.export import COMPANIONS
from ..tensors import FOR_TRANSFORMERS, write_tensors

SIZES = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64,
         "embedding_size": 32, "hidden_dim": 64}  # fmt: skip
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
POSITIONS = 512  # of a model that there is no configuration of
POOLER = "pooler."


@frozen(kw_only=True)
class Parts:
    """What the checkpoint of a model holds beside its encoder."""

    pooler: bool = True
    masked_words_head: bool = True


def write_like(own: Path, folder: Path) -> None:
    """A model folder with the configuration of another but for its sizes, and with its tokenizer."""
    described = describe_model(own)
    config = AutoConfig.from_pretrained(own, local_files_only=True, trust_remote_code=False)
    sizes = {name: size for name, size in SIZES.items() if hasattr(config, name)}
    folder.mkdir(parents=True)
    for file in sorted({file for pattern in COMPANIONS for file in own.glob(pattern)}):
        shutil.copyfile(file, folder / file.name)
    parts = Parts(pooler=described.has_pooler, masked_words_head=described.has_masked_words_head)
    for name, size in sizes.items():  # by the names that all families understand, whatever their own are
        setattr(config, name, size)
    _write(config, parts, folder)


def write_stand_in(texts: Iterable[str], longest: int, folder: Path) -> None:
    """A BERT with a pooler and the head for masked words, whose tokenizer knows the words of some texts.

    Args:
        longest: tokens of an input, at least.
    """
    tokenizer = _tokenizer(texts)
    sizes = {"vocab_size": len(tokenizer), "max_position_embeddings": max(POSITIONS, longest)}
    config = BertConfig.from_dict({**SIZES, **sizes})
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    _write(config, Parts(), folder)


def _write(config: Any, parts: Parts, folder: Path) -> None:
    """The configuration and weights, by the names that checkpoints of the family have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        trunk = AutoModel.from_config(config)  # type: ignore[no-untyped-call]  # comes without types
        prefix = trunk.base_model_prefix
        weights = {
            f"{prefix}.{name}": tensor
            for name, tensor in trunk.state_dict().items()
            if parts.pooler or not name.startswith(POOLER)
        }
        if parts.masked_words_head:
            whole = AutoModelForMaskedLM.from_config(config).state_dict()  # type: ignore[no-untyped-call]  # as above
            weights |= {name: whole[name] for name in FAMILIES[config.model_type].words.parameters.values()}
    config.save_pretrained(folder)
    write_tensors(folder / SAFETENSORS, {name: tensor.numpy() for name, tensor in weights.items()}, FOR_TRANSFORMERS)


def _tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Words and punctuation of the texts, each a token."""
    normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    words: dict[str, None] = dict.fromkeys(SPECIAL)
    for text in texts:
        words.update((word, None) for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, SPECIAL.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # as above
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip
