"""What rounds and tickets begin with: points of training, weights that go on, heads."""

from fractions import Fraction

import pytest
from attrs import evolve
from studies import BASELINES, TICKET, cell, jobs, key_of_job, planned, spec_of

from ticketlang.jobs import FineTune, JobKey, PartlyRewound, Pretrained, Reached, ReachRewindPoint, Shuffled
from ticketlang.pipeline import check
from ticketlang.plan import Plan
from ticketlang.source import Source
from ticketlang.units import Duration


def test_rewinding_to_a_point_of_training() -> None:
    """Dense training reaches the point once a seed; rounds go on from it, transfers begin anew with its weights."""
    body = TICKET.replace("0 steps", "5% of training").replace("a, b", "a") + "transfer imp at 70% to b\n"
    plan = planned(spec_of(body, seeds="1"))
    (point,) = jobs(plan, ReachRewindPoint)
    (key,) = (key for key, entry in plan.jobs.items() if entry.job == point)
    five_percent = Duration(Fraction(1, 20), "training")
    assert point.until == five_percent

    own = cell(plan, "imp/a@50%/a/seed=1")
    assert (own.weights, own.head, own.begins) == (Reached(job=key), key, five_percent)
    moved = cell(plan, "imp/a@70%/b/seed=1")
    assert (moved.weights, moved.head, moved.begins) == (Reached(job=key), None, None)


def test_dense_training_is_whole_whatever_tickets_rewind_to() -> None:
    """Other baselines of a rewound ticket go on from its point, as it does."""
    body = TICKET.replace("0 steps", "5% of training").replace("a, b", "a") + BASELINES
    plan = planned(spec_of(body, seeds="1"))

    dense = cell(plan, "dense/a/seed=1")
    assert (dense.weights, dense.head, dense.begins) == (Pretrained(), None, None)
    redrawn = cell(plan, "random_init.imp/a@50%/a/seed=1")
    ticket = cell(plan, "imp/a@50%/a/seed=1")
    assert (redrawn.head, redrawn.begins) == (ticket.head, ticket.begins)


@pytest.mark.parametrize("head", ["rewound", "fresh"])
def test_a_rewound_ticket_on_its_source_is_the_next_round(head: str) -> None:
    """Also where the head is fresh, and where a transfer names the source: one protocol for all levels of a curve."""
    body = TICKET.replace("0 steps", f"5% of training\n  head {head} in search").replace("a, b", "a")
    plan = planned(spec_of(body + "transfer imp at 30%, 70% to a, b\n", seeds="1"))

    own = [job for job in jobs(plan, FineTune) if job.task.name == "a"]
    assert len(own) == 4, "three rounds, of which two are tickets scored, and the last ticket"
    assert {job.head is None for job in own} == {head == "fresh"}
    assert {str(job.begins) for job in own} == {"5% of training"}


def test_what_goes_on_from_a_point_goes_on_by_the_recipe_that_led_there() -> None:
    body = TICKET.replace("0 steps", "5% of training\n  train 3 epochs").replace("a, b", "a") + BASELINES
    plan = planned(spec_of(body, seeds="1"))

    (point,) = jobs(plan, ReachRewindPoint)
    assert cell(plan, "imp/a@50%/a/seed=1").task.recipe == point.task.recipe
    assert str(cell(plan, "dense/a/seed=1").task.recipe.train) == "2 epochs"


def test_rewind_points_are_an_axis() -> None:
    body = TICKET.replace("0 steps", "0 steps, 5% of training").replace("a, b", "a")
    plan = planned(spec_of(body, seeds="1"))

    assert {c.ticket.label for c in plan.cells if c.ticket} == {
        "imp[rewind=0 steps]/a",
        "imp[rewind=5% of training]/a",
    }


def rounds(plan: Plan) -> list[FineTune]:
    """Trainings on the source, in order: each later one has a mask that an earlier one led to."""
    return [job for job in jobs(plan, FineTune) if job.task.name == "a"]


def test_standard_pruning_goes_on_from_what_training_left() -> None:
    """Weights and head; the schedule begins anew. Elsewhere the ticket is what it had become."""
    body = TICKET.replace("0 steps", "nothing").replace("a, b", "a") + BASELINES + "transfer imp at 70% to b\n"
    plan = planned(spec_of(body, seeds="1"))
    dense, *_ = rounds(plan)
    key = key_of_job(plan, dense)

    first = cell(plan, "imp/a@30%/a/seed=1")
    assert (dense.weights, dense.head, cell(plan, "dense/a/seed=1")) == (Pretrained(), None, dense)
    assert (first.weights, first.head, first.begins) == (Reached(job=key), key, None)
    second = cell(plan, "imp/a@50%/a/seed=1")
    assert second.weights == Reached(job=key_of_job(plan, first))
    moved = cell(plan, "imp/a@70%/b/seed=1")
    assert (moved.weights, moved.head) == (Reached(job=key_of_job(plan, second)), None)
    assert cell(plan, "random_mask.imp/a@30%/a/seed=1").weights == first.weights


def test_rates_may_go_back_alone() -> None:
    body = TICKET.replace("0 steps", "rates to 1 epoch").replace("a, b", "a")
    plan = planned(spec_of(body, seeds="1"))
    dense, *later = rounds(plan)

    assert (dense.weights, dense.begins) == (Pretrained(), None)
    assert {str(job.begins) for job in later} == {"1 epochs"}
    assert all(isinstance(job.weights, Reached) for job in later)
    assert not jobs(plan, ReachRewindPoint)


def test_pruned_matrices_may_go_back_alone() -> None:
    body = TICKET.replace("0 steps", "0 steps of pruned matrices").replace("a, b", "a")
    plan = planned(spec_of(body, seeds="1"))
    dense, *later = rounds(plan)

    assert later[0].weights == PartlyRewound(matrices=Pretrained(), rest=JobKey(key_of_job(plan, dense)))
    assert {job.head for job in later} == {None}


def test_a_head_may_be_carried_through_rewound_rounds() -> None:
    plan = planned(spec_of(TICKET.replace("0 steps", "0 steps\n  head carried in search").replace("a, b", "a")))
    dense, *later = [job for job in rounds(plan) if job.seeds.head == 1]

    assert dense.head is None
    assert (later[0].head, later[0].weights) == (key_of_job(plan, dense), Pretrained())


def test_a_rate_that_falls_over_all_rounds_is_another_training() -> None:
    """Of the search alone: a ticket is scored by the recipe of the task."""
    plan = planned(spec_of(TICKET.replace("0 steps", "0 steps\n  schedule over 10 rounds").replace("a, b", "a")))
    assert {job.task.recipe.rounds for job in jobs(plan, FineTune)} == {1, 10}
    assert cell(plan, "imp/a@50%/a/seed=1").task.recipe.rounds == 1


LATER = """
arm later { rewind 10% of training }
arm there { rewind 10% of training on target }
arm whole { mask none; rewind 10% of training }
arm mixed { mask random global; weights shuffled within each matrix; rewind 10% of training }
"""
TENTH = Duration(Fraction(1, 10), "training")


def test_an_arm_goes_back_to_a_point_of_its_own() -> None:
    """Mask, weights and point are three things: the mask is that of the ticket, which itself goes back to the start."""
    body = TICKET.replace("a, b", "a") + "baselines later, there, whole, mixed\ntransfer imp at 50% to b\n"
    plan = planned(LATER + spec_of(body, seeds="1"))
    points = {point.task.name: key_of_job(plan, point) for point in jobs(plan, ReachRewindPoint)}
    assert {point.until for point in jobs(plan, ReachRewindPoint)} == {TENTH}
    assert points.keys() == {"a", "b"}
    on_source, on_target = (Reached(job=JobKey(points[task])) for task in "ab")

    ticket, moved = cell(plan, "imp/a@50%/a/seed=1"), cell(plan, "imp/a@50%/b/seed=1")
    assert (ticket.weights, ticket.head, ticket.begins) == (Pretrained(), None, None)
    later = cell(plan, "later.imp/a@50%/a/seed=1")
    assert later == evolve(ticket, weights=on_source, head=on_source.job, begins=TENTH, keeps_weights=False)
    assert cell(plan, "there.imp/a@50%/a/seed=1") == later
    assert cell(plan, "later.imp/a@50%/b/seed=1") == evolve(moved, weights=on_source)
    there = cell(plan, "there.imp/a@50%/b/seed=1")
    assert there == evolve(moved, weights=on_target, head=on_target.job, begins=TENTH), "as a ticket of the target"

    assert cell(plan, "whole.imp/a/a/seed=1") == evolve(later, mask=None)
    mixed = cell(plan, "mixed.imp/a@50%/a/seed=1")
    assert (mixed.weights, mixed.begins) == (Shuffled(weights=on_source, seed=1), TENTH)
    assert mixed.mask not in {None, ticket.mask}


def test_an_arm_that_goes_back_is_as_a_ticket_that_does() -> None:
    """But for its mask: the two trainings are one where the mask is the same, here the one of the first round."""
    late = TICKET.replace("a, b", "a").replace("imp", "late").replace("0 steps", "10% of training")
    plan = planned(LATER + spec_of(TICKET.replace("a, b", "a") + late + "baselines later, dense\n", seeds="1"))
    other, ticket = cell(plan, "later.imp/a@30%/a/seed=1"), cell(plan, "late/a@30%/a/seed=1")
    assert evolve(other, mask=ticket.mask, keeps_weights=True) == ticket


def test_the_length_that_counts_is_that_of_the_training_that_is_gone_back_to() -> None:
    """That of a ticket's own on its source, and none of tasks that nothing is scored on."""
    arm = "arm there { rewind 1 epochs on target }\n"
    short = TICKET.replace("a, b", "a").replace("0 steps", "0 steps\n  train 1 epochs") + "baselines there\n"
    joint = TICKET.replace("a, b", "a + b") + "baselines there\ntransfer imp at 50% to c\n"
    brief = spec_of(joint, tasks=("a", "b", "c")).replace("2 epochs", "1 epochs", 1)

    (found,) = check(Source("s.ticket", arm + spec_of(short))).diagnostics
    assert found.code == "rewind-beyond-training"
    assert not [found for found in check(Source("s.ticket", arm + brief)).diagnostics if found.severity == "error"]


def test_an_arm_may_go_back_to_the_start_where_its_ticket_does_not() -> None:
    for rewind in ("10% of training", "nothing", "0 steps of pruned matrices"):
        body = TICKET.replace("a, b", "a").replace("rewind 0 steps", f"rewind {rewind}") + "baselines early\n"
        plan = planned("arm early { rewind 0 steps }\n" + spec_of(body, seeds="1"))
        early = cell(plan, "early.imp/a@50%/a/seed=1")
        assert (early.weights, early.head, early.begins) == (Pretrained(), None, None)
        assert early.mask == cell(plan, "imp/a@50%/a/seed=1").mask
