"""Names of the language -> the code behind them, imported when first used.

Each table answers to one of `ticketlang.vocabulary`: a row that runs there is a name here, and the other way round.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ticketlang.study import Task

    from .facts import DataPlace
    from .metrics import Metric
    from .pruning.material import Material
    from .pruning.units import Group
    from .tasks.prepared import Materials, Prepared
    from .tasks.table import Table
    from .training.batches import Encoded

PRUNINGS = {name: f"pruning.{name}" for name in ("magnitude", "lamp", "snip", "movement", "synflow", "random")}

TASK_KINDS = {
    "classify sentence": "tasks.classify",
    "classify pair": "tasks.classify",
    "score pair": "tasks.score",
    "answer spans": "tasks.answer_spans",
    "masked words": "tasks.masked_words",
}

# How the data of each kind is read. Without torch, so that what is wrong with it is known before torch is there.
READINGS = {
    "classify sentence": "tasks.classes",
    "classify pair": "tasks.classes",
    "score pair": "tasks.amounts",
    "answer spans": "tasks.answers",
    "masked words": "tasks.corpus",
}

METRICS = dict.fromkeys(
    (
        "accuracy", "f1", "matthews", "pearson", "spearman", "span_f1", "exact_match", "masked_accuracy",
        "masked_likelihood",
    ),
    "metrics",
)  # fmt: skip


class PruningMethod(Protocol):
    """A module that scores weights."""

    def scores(self, material: "Material") -> "Mapping[str, Tensor]":
        """A score for every weight, float32 or int32; the lowest are removed first."""

    def unit_scores(self, material: "Material", group: "Group") -> "Tensor":
        """A score for every unit of a group, (units,). Asked of methods alone whose row says that they prune units."""


class TaskKind(Protocol):
    """A module that knows one form of task."""

    def prepare(self, task: "Task", materials: "Materials") -> "Prepared":
        """The examples as the model's tokenizer sees them. Raises BadData as above."""

    def outputs(self, classes: int | None) -> int | None:
        """How many numbers the head gives for each vector; None: one for each word of the model."""

    def loss(self, answers: "Tensor", labels: "Tensor") -> "Tensor":
        """What training makes small: a mean over the batch."""

    def predictions(self, answers: "Tensor", labels: "Tensor") -> "Tensor":
        """What is kept of the answers to a batch, row by row."""

    def scored(self, found: "Tensor", examples: "Encoded") -> "tuple[NDArray[Any], NDArray[Any]]":
        """What was kept of all answers -> labels and predictions, which the metrics compare."""

    def majority(self, examples: "Encoded") -> int | None:
        """The most frequent class among some examples; None where there are no classes."""


class Reading(Protocol):
    """A module that knows how the data of one form of task is written."""

    def check(self, task: "Task", place: "DataPlace") -> None:
        """Raises BadData if there is anything wrong with the data, as far as it can be known before any job."""


class LabelledKind(Reading, Protocol):
    """One whose examples are rows of a table, each with its label."""

    def read_labels(self, task: "Task", tables: "Mapping[str, Table]") -> "tuple[dict[str, NDArray[Any]], int | None]":
        """The labels of each split, and the number of classes. Raises BadData for one that cannot be used."""


def pruning_method(name: str) -> PruningMethod:
    return cast(PruningMethod, _module(PRUNINGS, name))


def task_kind(name: str) -> TaskKind:
    return cast(TaskKind, _module(TASK_KINDS, name))


def reading(name: str) -> Reading:
    return cast(Reading, _module(READINGS, name))


def labelled_kind(name: str) -> LabelledKind:
    return cast(LabelledKind, _module(READINGS, name))


def metric(name: str) -> "Metric":
    return cast("Metric", getattr(_module(METRICS, name), name))


def _module(table: Mapping[str, str], name: str) -> object:
    if name not in table:
        raise ValueError(f"`{name}` has no implementation; there are: {', '.join(table)}")
    return import_module(f".{table[name]}", __package__)
