"""`ticketrun list`: every name that there is, and where it comes from."""

from pathlib import Path

import pytest

from ticketlang.cli import main
from ticketlang.library import FromDisk
from ticketlang.names import in_sight, words
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.vocabulary.metrics import METRICS
from ticketlang.vocabulary.prunings import PRUNINGS
from ticketlang.vocabulary.tasks import TASK_KINDS

ROOT = Path(__file__).parents[2]


def test_the_words_of_the_language_are_those_of_its_tables() -> None:
    assert {name: word.means for name, word in words("metrics").items()} == {m.name: m.means for m in METRICS.values()}
    assert words("prunings").keys() == PRUNINGS.keys()


IN_USE = """
task t {{
  {task}
  data files "t/{{split}}.jsonl"
  train 1 epoch
  batch 8 examples
  rate 1e-3 linear
  length 384 tokens
}}

study s {{
  model folder "m"
  seeds 1
  ticket imp {{
    source t
    {prune}
    sparsity 50% of original
  }}
}}
"""
PRUNE, KIND = (table[name].example for table, name in ((PRUNINGS, "magnitude"), (TASK_KINDS, "classify pair")))


@pytest.mark.parametrize(
    ("task", "prune"),
    [
        *((kind.example, PRUNE) for kind in TASK_KINDS.values()),
        *((f"{TASK_KINDS[kind].example}; {each.example}", PRUNE) for each in METRICS.values() for kind in each.kinds),
        *((KIND, method.example) for method in PRUNINGS.values()),
    ],
    ids=str,
)
def test_examples_of_the_tables_are_right(task: str, prune: str) -> None:
    found = check(Source("s.ticket", IN_USE.format(task=task, prune=prune)))
    assert [each.message for each in found.diagnostics if each.severity == "error"] == []


def test_an_example_has_the_word_it_is_of() -> None:
    for table in (TASK_KINDS, METRICS, PRUNINGS):
        assert all(name in row.example for name, row in table.items())


def test_tasks_are_told_with_their_kind_metrics_and_data() -> None:
    found = in_sight("chen2020", "task")
    assert not isinstance(found, str)
    said = {named.name: named.says for named in found}
    assert len(said) == 11
    assert said["mrpc"] == "classify pair, accuracy, f1; hub nyu-mll/glue mrpc"


def test_a_name_comes_from_the_file_that_has_the_last_word() -> None:
    found = in_sight(ROOT / "specs" / "released.ticket", "arm")
    assert not isinstance(found, str)
    assert {named.name: named.origin for named in found}["shuffled_init"] == "chen2020.released"
    assert {named.name: named.origin for named in found}["dense"] == "baselines"


@pytest.mark.parametrize("what", ["tasks", "groups", "arms", "tickets", "kinds", "metrics", "prunings", "scopes",
                                  "sections", "libraries"])  # fmt: skip
def test_every_kind_of_name_is_listed(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", what]) == 0
    assert capsys.readouterr().out.strip()


def test_below_what_a_word_means_stands_a_statement_that_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "metrics"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert (first.split(maxsplit=1), second.strip()) == (["accuracy", METRICS["accuracy"].means], "metric accuracy")


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "tasks", "gone.ticket"]) == 1
    assert capsys.readouterr().err == "ticketrun: gone.ticket cannot be read: there is no such file\n"


def test_libraries_are_those_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "libraries"]) == 0
    assert capsys.readouterr().out.split() == list(FromDisk().shipped_names())
