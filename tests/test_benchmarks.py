"""What benchmarks make of their times: ratios, shares, and the table at the end; not how fast anything is."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import figures
import training
from figures import Figure
from training import Measured, Ran

STACKS = ["released", "trainer", "ours", "trainer apart", "ours apart"]


def ran(*seconds: float, memory: float = 1.0) -> Ran:
    """Processes that take so long for each of three steps."""
    return Ran(seconds=[[each] * 3 for each in seconds], memory=memory)


def measured(**changed: object) -> Measured:
    """Two rounds in which the machine was once half as fast."""
    one = {"released": ran(4), "trainer": ran(2, memory=10), "ours": ran(0.8, memory=9)}
    one |= {"trainer apart": ran(3, 3), "ours apart": ran(1, 2)}
    slow = {"released": ran(8), "trainer": ran(4, memory=10), "ours": ran(2, memory=8)}
    slow |= {"trainer apart": ran(6, 6), "ours apart": ran(2, 4)}
    of = {
        "case": training.CASES["mrpc"], "asked": Namespace(batch=2, stacks=STACKS, glue=None, device="cpu"),
        "weights": 100, "unread": 40, "tokens": 10.0, "longest": 9, "rounds": [one, slow],
        "rates": {torch.float32: 5100.0}, **changed,
    }  # fmt: skip
    return Measured(**of)  # type: ignore[arg-type]  # whatever a test changes


def test_processes_side_by_side_add_up_their_speeds() -> None:
    assert ran(1, 2).speed == pytest.approx(1.5)
    assert Ran(seconds=[[1, 9, 1]], memory=0).speed == 1  # a step that something disturbed


def test_ratios_are_those_of_the_same_round() -> None:
    assert measured().ratios("ours", "trainer") == pytest.approx([2.5, 2.0])
    assert measured().ratios("ours apart", "trainer apart") == pytest.approx([2.25, 2.25])


def test_the_share_of_products_counts_what_nobody_can_leave_out() -> None:
    """Of 100 weights, 60 for each of 10 tokens, and 40 for each of the 2 that are read; thrice, in two operations."""
    assert measured().share("ours") == pytest.approx(6 * (600 + 80) * (1 / 0.8 + 1 / 2) / 2 / 5100)


def test_figures_say_what_holds_and_what_could_not_be_measured() -> None:
    found = list(training._figures(measured()))

    (mark,) = [figure for figure in found if figure.asked == "2.3 times"]
    assert (mark.found, mark.holds) == ("2.25 (2.00 to 2.50) times as fast, 1.8 examples/s", False)
    assert [figure.holds for figure in found if figure.asked == "no more"] == [True]
    (unknown,) = [figure for figure in found if figure.found.startswith("not measured")]
    assert unknown.holds is None
    assert unknown.asked == (
        "4 times the Trainer with pruning hooks, 6 times the released loop, 70% of the rate of products"
    )


def test_the_table_shows_all_and_fails_where_something_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "bench")
    monkeypatch.setattr(figures, "BENCHMARKS", ("one", "two"))
    assert figures.main() == 1
    figures.keep("one", Figure(what="a", beside="b", found="3 times", asked="2 times", holds=True))
    assert figures.main() == 1
    assert "no figures of two" in capsys.readouterr().out
    figures.keep("two", Figure(what="c", found="5 s"))
    assert figures.main() == 0
    said = capsys.readouterr().out
    assert "| a | b | 3 times | 2 times | holds |" in said
    assert "| c |  | 5 s |  |  |" in said
    figures.keep("two", Figure(what="c", found="5 s", asked="4 s", holds=False))
    assert figures.main() == 1
