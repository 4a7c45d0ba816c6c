"""What a study asks for that cannot be run is refused in its words."""

from collections.abc import MutableMapping
from typing import Any

import pytest
from attrs import evolve
from studies import TICKET, spec_of, study_of

from ticketlang.readiness import what_cannot_run_yet
from ticketlang.vocabulary.metrics import METRICS
from ticketlang.vocabulary.prunings import PRUNINGS
from ticketlang.vocabulary.tasks import TASK_KINDS


@pytest.mark.parametrize(
    ("rows", "name", "messages"),
    [
        (METRICS, "accuracy", ["the metric accuracy"] * 2),  # of two tasks
        (TASK_KINDS, "classify sentence", ["the kind `classify sentence` of the task `a`", "... of the task `b`"]),
        (PRUNINGS, "magnitude", ["pruning by magnitude"]),
    ],
    ids=["metric", "kind", "pruning"],
)
def test_a_row_without_an_implementation_is_refused(
    rows: MutableMapping[str, Any], name: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(spec_of(TICKET))
    assert not list(what_cannot_run_yet(study))

    monkeypatch.setitem(rows, name, evolve(rows[name], runs=False))

    refused = list(what_cannot_run_yet(study))
    assert len(refused) == len(messages)
    for complaint, words in zip(refused, messages, strict=True):
        assert words.removeprefix("...") in complaint.message
