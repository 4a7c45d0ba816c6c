"""A row of the vocabulary that runs has its code, and the other way round."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from runtime import implementations
from runtime.implementations import (
    METRICS,
    PRUNINGS,
    READINGS,
    TASK_KINDS,
    metric,
    pruning_method,
    reading,
    task_kind,
)
from runtime.matrices import SCOPES
from ticketlang.vocabulary.metrics import METRICS as METRIC_ROWS
from ticketlang.vocabulary.prunings import PRUNINGS as PRUNING_ROWS
from ticketlang.vocabulary.scopes import SCOPES as SCOPE_ROWS
from ticketlang.vocabulary.tasks import TASK_KINDS as TASK_ROWS


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (PRUNING_ROWS, PRUNINGS),
        (TASK_ROWS, TASK_KINDS),
        (TASK_ROWS, READINGS),
        (METRIC_ROWS, METRICS),
        (SCOPE_ROWS, SCOPES),
    ],
    ids=["prunings", "task kinds", "readings", "metrics", "scopes"],
)
def test_rows_that_run_are_implemented(rows: Mapping[str, Any], code: Mapping[str, str]) -> None:
    running = {name for name, row in rows.items() if row.runs}
    assert not running - set(code), "these rows say that they run, and have no code in runtime/"
    assert not set(code) - running, "this code has no row in ticketlang/vocabulary/, or one that does not run"


def parameters(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize(
    ("protocol", "find", "names"),
    [
        (implementations.PruningMethod, pruning_method, PRUNINGS),
        (implementations.TaskKind, task_kind, TASK_KINDS),
        (implementations.Reading, reading, READINGS),
    ],
    ids=["prunings", "task kinds", "readings"],
)
def test_modules_have_the_functions_that_are_asked_for(
    protocol: type, find: Callable[[str], object], names: Mapping[str, str]
) -> None:
    asked = {name: function for name, function in vars(protocol).items() if inspect.isfunction(function)}
    functions = {name: function for name, function in asked.items() if not name.startswith("_")}
    assert functions
    for name in names:
        for function_name, function in functions.items():
            if function_name == "unit_scores" and not PRUNING_ROWS[name].prunes_units:
                assert not hasattr(find(name), function_name), f"{name}: its row says that it prunes no units"
                continue
            assert parameters(getattr(find(name), function_name)) == parameters(function), f"{name}: {function_name}"


@pytest.mark.parametrize("name", METRICS)
def test_metrics_take_labels_predictions_and_classes(name: str) -> None:
    assert parameters(metric(name)) == ["labels", "predictions", "classes"]


def test_a_name_without_code_is_refused() -> None:
    with pytest.raises(ValueError, match="`wanda` has no implementation; there are: magnitude, lamp"):
        pruning_method("wanda")
