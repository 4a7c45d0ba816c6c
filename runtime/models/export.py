"""A trained trunk and its head of masked language modelling as a plain `transformers` model folder."""

import shutil
from pathlib import Path
from uuid import uuid4

from ..tensors import FOR_TRANSFORMERS, write_tensors
from .checkpoint import State
from .description import SAFETENSORS
from .trunk import Pretrained

# What a model folder holds beside weights: configuration and tokenizer.
COMPANIONS = ("config.json", "tokenizer*", "vocab.*", "merges.txt", "special_tokens_map.json", "added_tokens.json",
              "*.model")  # fmt: skip


def write_model(model: Pretrained, trunk: State, head: State, folder: Path) -> None:
    """Write the folder, as a whole or not at all.

    Args:
        model: whose configuration and tokenizer go with the weights.
        head: by our names.

    Raises:
        FileExistsError: the folder is there.
    """
    if folder.exists():
        raise FileExistsError(folder)
    staged = folder.with_name(f"{folder.name}.{uuid4().hex}")
    staged.mkdir(parents=True)
    try:
        for file in sorted({file for pattern in COMPANIONS for file in model.folder.glob(pattern)}):
            shutil.copyfile(file, staged / file.name)
        names = model.family.words.parameters
        weights = {f"{model.prefix}.{name}": tensor for name, tensor in trunk.items()}
        weights |= {names[name]: tensor for name, tensor in head.items()}
        arrays = {name: tensor.numpy() for name, tensor in weights.items()}
        write_tensors(staged / SAFETENSORS, arrays, FOR_TRANSFORMERS)
        staged.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
