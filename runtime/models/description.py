"""What a model folder holds, read from its configuration and file headers alone: no torch, no weights."""

import json
from pathlib import Path
from typing import Any

from attrs import frozen
from safetensors import SafetensorError, safe_open

from ..families import FAMILIES, Family

# Names that layer norms had in the first published checkpoints, bert-base-uncased among them.
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}

SAFETENSORS = "model.safetensors"
SAFETENSORS_INDEX = "model.safetensors.index.json"
PICKLED = "pytorch_model.bin"  # read with weights_only, and only where there is nothing better
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json")


class UnreadableModel(Exception):  # noqa: N818  # its name says what happened
    """The folder's files contradict each other or cannot be read. Says why."""


@frozen(kw_only=True)
class ModelDescription:
    """The facts about a model folder that are known before anything heavy is loaded."""

    model_type: str
    has_weights: bool
    has_pooler: bool  # True, too, where the names cannot be known without torch (weights as a pickle alone)
    has_masked_words_head: bool  # True, too, where the names cannot be known
    has_tokenizer: bool
    parameters: tuple[str, ...]  # names in the checkpoint, its prefix and heads included; empty for a pickle
    max_tokens: int  # of one input

    @property
    def is_supported(self) -> bool:
        return self.model_type in FAMILIES

    @property
    def family(self) -> Family:
        """Of a model that is supported."""
        return FAMILIES[self.model_type]


def describe_model(folder: Path) -> ModelDescription:
    """Read `config.json` and the header of the weights.

    Raises:
        UnreadableModel: with a sentence saying which file, and what is wrong with it.
    """
    config = _read_json(folder / "config.json")
    model_type = str(config.get("model_type", "unknown"))
    parameters = checkpoint_names(folder)
    is_pickle = not parameters and (folder / PICKLED).is_file()
    family = FAMILIES.get(model_type)
    return ModelDescription(
        model_type=model_type,
        has_weights=bool(parameters) or is_pickle,
        has_pooler=_has_pooler(family, parameters, is_pickle),
        has_masked_words_head=is_pickle or _has_words(family, parameters),
        has_tokenizer=any((folder / name).is_file() for name in TOKENIZER_FILES),
        parameters=parameters,
        max_tokens=_max_tokens(folder, config, family),
    )


def today(name: str) -> str:
    """The name that a parameter has now."""
    for old, new in OLD_NAMES.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def weight_files(folder: Path) -> dict[str, tuple[str, ...]]:
    """Safetensors files of a checkpoint and the parameters in each; empty where there are none."""
    if (folder / SAFETENSORS).is_file():
        return {SAFETENSORS: _header_names(folder / SAFETENSORS)}
    if not (folder / SAFETENSORS_INDEX).is_file():
        return {}
    index = _read_json(folder / SAFETENSORS_INDEX).get("weight_map")
    named = list(index.values()) if isinstance(index, dict) else []
    names = sorted({name for name in named if isinstance(name, str)})
    # A file name from an index may not lead outside the folder.
    if not names or not all(isinstance(name, str) and Path(name).name == name != ".." for name in named):
        raise UnreadableModel(f"{folder / SAFETENSORS_INDEX} does not name the files of the weights")
    return {name: _header_names(folder / name) for name in names}


def checkpoint_names(folder: Path) -> tuple[str, ...]:
    """Names of all parameters in the safetensors files, in order of the alphabet."""
    return tuple(sorted(name for names in weight_files(folder).values() for name in names))


def _has_pooler(family: Family | None, parameters: tuple[str, ...], is_pickle: bool) -> bool:
    if family is None or family.pooler is None:
        return False
    return is_pickle or any(name.endswith(f"{family.pooler.dense}.weight") for name in parameters)


def _has_words(family: Family | None, parameters: tuple[str, ...]) -> bool:
    return family is not None and set(family.words.parameters.values()) <= set(map(today, parameters))


def _header_names(path: Path) -> tuple[str, ...]:
    try:
        with safe_open(path, framework="numpy") as file:
            return tuple(file.keys())
    except (SafetensorError, OSError) as problem:
        raise UnreadableModel(f"{path} cannot be read as safetensors: {problem}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnreadableModel(f"{path} is not there") from None
    except (OSError, ValueError, RecursionError) as problem:
        raise UnreadableModel(f"{path} cannot be read as JSON: {problem}") from None
    if not isinstance(value, dict):
        raise UnreadableModel(f"{path} is not a JSON object")
    return value


def _max_tokens(folder: Path, config: dict[str, Any], family: Family | None) -> int:
    positions = config.get("max_position_embeddings", 512)
    if not isinstance(positions, int):
        raise UnreadableModel(f"{folder / 'config.json'} has no whole number as `max_position_embeddings`")
    return positions - (family.positions_of_padding if family is not None else 0)
