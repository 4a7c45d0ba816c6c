"""What must hold in tasks."""

from collections.abc import Iterator

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Study, Task
from ..vocabulary.metrics import METRICS
from ..vocabulary.tasks import TASK_KINDS, WINDOWED


def text_columns_fit_the_kind(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        expected = TASK_KINDS[task.kind].texts
        if len(task.text) != expected:
            at = task.places.get("text", task.at)
            yield diagnostics.TextColumns(at=at, kind=task.kind, expected=expected, found=len(task.text))


def labels_are_where_they_are_needed(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        has_label = TASK_KINDS[task.kind].has_label
        if has_label and task.label is None:
            yield diagnostics.NeedsLabel(at=task.at, kind=task.kind)
        elif not has_label and task.label is not None:
            at = task.places.get("label", task.at)
            yield diagnostics.NeedlessLabel(at=at, kind=task.kind, is_certain=_is_own(task, at))


def metrics_fit_the_kind(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        fitting = tuple(metric.name for metric in METRICS.values() if task.kind in metric.kinds)
        for metric in task.metrics:
            if metric not in fitting:
                at = task.places.get("metric", task.at)
                yield diagnostics.MetricDoesNotFit(at=at, metric=metric, kind=task.kind, fitting=fitting)


def strides_are_those_of_windows(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if task.kind != WINDOWED and "stride" in task.places:
            at = task.places["stride"]
            yield diagnostics.NeedlessStride(at=at, kind=task.kind, is_certain=_is_own(task, at))


def tasks_with_pretrained_heads_have_them(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if task.head == "pretrained" and not TASK_KINDS[task.kind].has_pretrained_head:
            at = task.places.get("head", task.at)
            yield diagnostics.NoPretrainedHead(at=at, kind=task.kind, is_certain=_is_own(task, at))


def _is_own(task: Task, at: Span) -> bool:
    """Whether a task says something itself, and does not have it from the one that it extends."""
    block = task.places.get("block")
    return block is not None and at.source == block.source and block.start <= at.start and at.stop <= block.stop
