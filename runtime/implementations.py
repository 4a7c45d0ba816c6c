"""Names of the language -> the code behind them, imported when first used.

Each table answers to one of `ticketlang.vocabulary`: a row that runs there is a name here, and the other way round.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ticketlang.study import Task

    from .metrics import Metric
    from .pruning.material import Material
    from .pruning.units import Group

PRUNINGS = {name: f"pruning.{name}" for name in ("magnitude", "snip", "movement", "synflow", "random")}

TASK_KINDS = {
    "classify sentence": "tasks.classify",
    "classify pair": "tasks.classify",
    "score pair": "tasks.score",
}

METRICS = dict.fromkeys(("accuracy", "f1", "matthews", "pearson", "spearman"), "metrics")


class PruningMethod(Protocol):
    """A module that scores weights."""

    def scores(self, material: "Material") -> "dict[str, Tensor]":
        """A score for every weight, float32 or int32; the lowest are removed first."""

    def unit_scores(self, material: "Material", group: "Group") -> "Tensor":
        """A score for every unit of a group, (units,). Asked of methods alone whose row says that they prune units."""


class TaskKind(Protocol):
    """A module that knows one form of task."""

    def read_labels(
        self, task: "Task", values: Mapping[str, Sequence[Any]]
    ) -> "tuple[dict[str, NDArray[Any]], int | None]":
        """Labels of each split from the values of the label column, and the number of classes."""

    def outputs(self, classes: int | None) -> int:
        """How many numbers the head gives."""

    def loss(self, answers: "Tensor", labels: "Tensor") -> "Tensor":
        """What training makes small: a mean over the batch."""

    def predictions(self, answers: "Tensor") -> "Tensor":
        """The network's outputs for all examples -> what the metrics compare with the labels."""

    def majority(self, labels: "NDArray[Any]") -> int | None:
        """The most frequent class of some labels; None where there are no classes."""


def pruning_method(name: str) -> PruningMethod:
    return cast(PruningMethod, _module(PRUNINGS, name))


def task_kind(name: str) -> TaskKind:
    return cast(TaskKind, _module(TASK_KINDS, name))


def metric(name: str) -> "Metric":
    return cast("Metric", getattr(_module(METRICS, name), name))


def _module(table: Mapping[str, str], name: str) -> object:
    if name not in table:
        raise ValueError(f"`{name}` has no implementation; there are: {', '.join(table)}")
    return import_module(f".{table[name]}", __package__)
