"""What a kind of task is given to make its examples, and what it makes of them."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from ticketlang.study import Task

from ..training.batches import Encoded

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ..facts import DataPlace


REVISION = 1  # rises when examples are encoded another way, or written another way


def encoding() -> tuple[int | str, ...]:
    """What of the programs decides how text becomes tokens, beside the tokenizer's own files."""
    return (REVISION, version("tokenizers"), version("transformers"))


@frozen(kw_only=True, eq=False)
class Materials:
    """Data, and what is to be known of the model that will read it."""

    place: "DataPlace"
    tokenizer: "PreTrainedTokenizerBase"
    model: str  # its digest
    subset_seed: int  # of the examples that `limit` takes
    cache: Path  # a folder for files that can be made again


@frozen(kw_only=True, eq=False)
class Prepared:
    """The examples of a task, limited and encoded."""

    train: Encoded
    score: Encoded
    best: Encoded | None = None  # on which the moment of scoring is chosen; None: the last step is that moment
    classes: int | None = None


def is_same_split(task: Task) -> bool:
    """Whether a network is looked for at its best on the very examples that it is scored on."""
    return task.best_on == task.score_split and task.held_out is None
