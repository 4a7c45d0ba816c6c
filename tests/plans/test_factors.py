"""What differs between a baseline and its ticket, by the jobs that would run."""

from itertools import product

import pytest
from studies import TICKET, planned, spec_of, study_of

from ticketlang import factors
from ticketlang.comparisons import beside, differences, said
from ticketlang.factors import confounded
from ticketlang.jobs import FineTune
from ticketlang.rules.arms import differs_in_arms_alone

BASELINES = "baselines dense, random_mask, random_layer_mask, random_init, shuffled_init\ntransfer imp at 70% to a, b\n"
REWINDS = ("0 steps", "5% of training", "nothing", "0 steps of pruned matrices", "rates to 1 epoch")
HEADS = ("fresh in search", "carried in search")
RECIPES = ("", "train 3 epochs", "schedule over 3 rounds")


def spec(rewind: str, head: str, recipe: str) -> str:
    ticket = TICKET.replace("rewind 0 steps", f"rewind {rewind}\nhead {head}\n{recipe}")
    return spec_of(ticket + BASELINES)


ALL = list(product(REWINDS, HEADS, RECIPES))


@pytest.mark.parametrize(("rewind", "head", "recipe"), ALL, ids=[", ".join(filter(None, kind)) for kind in ALL])
def test_a_small_part_of_a_study_shows_all_that_differs(
    rewind: str, head: str, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The complaints are those that every level, target and seed together would give."""
    study = study_of(spec(rewind, head, recipe))
    small = [complaint.message for complaint in confounded(study)]
    monkeypatch.setattr(factors, "_smallest", lambda study: study)
    assert [complaint.message for complaint in confounded(study)] == small
    if differs_in_arms_alone(study):
        assert small == []


def test_some_of_them_differ_and_some_do_not() -> None:
    """Guards the test above."""
    found = [bool(list(confounded(study_of(spec(*kind))))) for kind in ALL]
    assert any(found)
    assert not all(found)


def test_a_plan_says_in_what_its_baselines_differ() -> None:
    """Each once, over all levels, targets and seeds; of several tickets apart where what differs is not the same."""
    found = differences(planned(spec("0 steps", "fresh in search", "")))
    assert [(each.arm, each.tickets, said(each.fields)) for each in found] == [
        ("dense", (), "the mask"),
        ("random_mask", (), "the mask"),
        ("random_layer_mask", (), "the mask"),
        ("random_init", (), "the weights"),
        ("shuffled_init", (), "the weights"),
    ]
    (dense, elsewhere, *_) = differences(planned(spec("5% of training", "fresh in search", "")))
    assert (dense.arm, said(dense.fields)) == ("dense", "the weights, the mask, the point where training sets in")
    assert (elsewhere.arm, said(elsewhere.fields)) == ("dense", "the weights, the mask")


def test_cells_say_in_what_they_differ() -> None:
    plan = planned(spec("5% of training", "fresh in search", ""))

    def differ(name: str) -> list[tuple[str, str]]:
        job = next(plan.jobs[key].job for cell, key in plan.cells.items() if cell.id == name)
        assert isinstance(job, FineTune)
        return list(beside(plan, name, job))

    assert differ("random_mask.imp/a@70%/a/seed=1") == [("imp/a@70%/a/seed=1", "the mask")]
    assert differ("random_init.imp/a@70%/b/seed=2") == [("imp/a@70%/b/seed=2", "the weights")]
    assert differ("imp/a@70%/a/seed=1") == []
    assert {said for _, said in differ("dense/a/seed=1")} == {
        "the weights, the mask, the point where training sets in",
        "the weights, the mask",
    }
