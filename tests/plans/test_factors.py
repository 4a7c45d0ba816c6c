"""What differs between a baseline and its ticket, by the jobs that would run."""

from itertools import product

import pytest
from studies import TICKET, planned, spec_of, study_of

from ticketlang import factors
from ticketlang.comparisons import beside, differences, said
from ticketlang.factors import confounded
from ticketlang.rules.arms import differs_in_arms_alone

GRADUAL = "prune gradual magnitude of encoder; rewind 0 steps"
AXES = {
    "the recipe of one source alone": "source a, b; prune magnitude of encoder; rewind 0 steps; rate 1e-3 linear",
    "a joint source": "source a + b, a; prune magnitude of encoder; rewind 5% of training",
    "random masks": "source a; prune random of encoder, random per layer of encoder; rewind 0 steps",
    "gradual": f"source a; {GRADUAL}",
    "gradual, and limits": f"source a; {GRADUAL}; limit 90 examples, 50 examples",
    "gradual after another": f"source a; {GRADUAL.replace('prune', 'prune magnitude of encoder,')}; limit 90 examples",
    "snip": "source a; prune snip of encoder, magnitude of encoder; rewind 5% of training",
    "nothing to train on": "source none; prune magnitude of encoder",
}
SEEDS = ("1, 2", "{ search 1, 2; head 1; order 1; dropout 1; mask 1; weights 1; subset 1 }")
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


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_a_small_part_shows_all_of_every_axis(axes: str, seeds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, with seeds of their own for searches, too."""
    body = f"ticket imp {{ {axes}; sparsity 30%, 50%, 70% of original }}\n" + BASELINES.replace(
        "\n", ", gradual_run\n", 1
    )
    study = study_of(spec_of(body.replace(", gradual_run", "") if "gradual " not in axes else body, seeds))
    small = [complaint.message for complaint in confounded(study)]
    monkeypatch.setattr(factors, "_smallest", lambda study: study)
    assert [complaint.message for complaint in confounded(study)] == small
    if differs_in_arms_alone(study):
        assert small == []


def test_a_gradual_run_differs_in_being_one() -> None:
    """That it prunes is what it is for; that it has other seeds, or fewer examples, is not."""
    ticket = "ticket imp { source a; prune gradual magnitude of encoder; sparsity 30% of original }\n"
    baselines = "baselines gradual_run\n"
    assert list(confounded(study_of(spec_of(ticket + baselines)))) == []
    (limited,) = confounded(study_of(spec_of(ticket.replace(" }", "; limit 9 examples }") + baselines)))
    assert limited.message.endswith("in the weights and the pruning while it is trained alone, but in `limit` as well")
    (apart,) = confounded(study_of(spec_of(ticket + baselines, SEEDS[1])))
    assert apart.message.endswith("alone, but in the seed of head, the seed of order, the seed of dropout as well")


def test_a_random_mask_beside_a_random_ticket_is_that_ticket() -> None:
    """Both lose the lowest in one order of all weights: the checker says that there is nothing to compare."""
    ticket = "ticket imp { source a; prune random of encoder; sparsity 30%, 50% of original; rewind 0 steps }\n"
    found = list(confounded(study_of(spec_of(ticket + "baselines random_mask, random_layer_mask, random_init\n"))))
    assert [(complaint.code, complaint.arm) for complaint in found] == [
        ("no-factor", "random_mask"), ("no-factor", "random_layer_mask"),
    ]  # fmt: skip
    each = ticket.replace("random of", "random per layer of")
    found = list(confounded(study_of(spec_of(each + "baselines random_mask, random_layer_mask\n"))))
    assert [(complaint.code, complaint.arm) for complaint in found] == [("no-factor", "random_layer_mask")]


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
        return list(beside(plan, name))

    assert differ("random_mask.imp/a@70%/a/seed=1") == [("imp/a@70%/a/seed=1", "the mask")]
    assert differ("random_init.imp/a@70%/b/seed=2") == [("imp/a@70%/b/seed=2", "the weights")]
    assert differ("imp/a@70%/a/seed=1") == []
    assert {said for _, said in differ("dense/a/seed=1")} == {
        "the weights, the mask, the point where training sets in",
        "the weights, the mask",
    }
