"""`ticketrun list`: every name that there is, and where it comes from."""

from pathlib import Path

import pytest

from ticketlang.cli import main
from ticketlang.library import FromDisk
from ticketlang.names import in_sight, words
from ticketlang.vocabulary.metrics import METRICS
from ticketlang.vocabulary.prunings import PRUNINGS

ROOT = Path(__file__).parents[2]


def test_the_words_of_the_language_are_those_of_its_tables() -> None:
    assert words("metrics") == {name: metric.means for name, metric in METRICS.items()}
    assert words("prunings").keys() == PRUNINGS.keys()


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


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "tasks", "gone.ticket"]) == 1
    assert capsys.readouterr().err == "ticketrun: gone.ticket cannot be read: there is no such file\n"


def test_libraries_are_those_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "libraries"]) == 0
    assert capsys.readouterr().out.split() == list(FromDisk().shipped_names())
