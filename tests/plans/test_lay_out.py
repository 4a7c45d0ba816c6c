"""What a study asks for, what is shared, and what is known already."""

from fractions import Fraction

import pytest
from studies import TICKET, planned, remembering, spec_of, study_of

from ticketlang.jobs import (
    CombineMasks,
    DrawMask,
    FineTune,
    JobKey,
    PartlyRewound,
    Pretrained,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    TrainingSeeds,
    canonical,
    inputs_of,
)
from ticketlang.plan import Plan
from ticketlang.units import Duration, Sparsity

BASELINES = "baselines dense, random_mask, random_init\n"


def jobs(plan: Plan, kind: type) -> list:
    return [planned.job for planned in plan.jobs.values() if isinstance(planned.job, kind)]


def cell(plan: Plan, name: str) -> FineTune:
    (key,) = (key for cell, key in plan.cells.items() if cell.id == name)
    job = plan.jobs[key].job
    assert isinstance(job, FineTune)
    return job


def test_an_arm_that_goes_on_from_each_round_has_a_cell_for_each_level() -> None:
    """Standard pruning, compared with the same weights unpruned."""
    body = TICKET.replace("rewind 0 steps", "rewind nothing").replace("source a, b", "source a")
    spec = "arm unpruned { mask none }\n" + spec_of(body + "baselines unpruned, dense\n", seeds="1")
    cells = {cell.id: key for cell, key in planned(spec).cells.items()}
    unpruned = {name: key for name, key in cells.items() if name.startswith("unpruned")}
    assert list(unpruned) == [f"unpruned.imp/a@{level}%/a/seed=1" for level in (30, 50, 70)]
    assert len(set(unpruned.values())) == 3
    assert "dense/a/seed=1" in cells


def test_every_job_comes_after_its_inputs() -> None:
    plan = planned(spec_of(TICKET + BASELINES + "transfer imp at 70% to a, b\n"))

    done: set[str] = set()
    for key, entry in plan.jobs.items():
        assert done.issuperset(inputs_of(entry.job))
        done.add(key)


def test_training_a_ticket_on_its_source_is_the_next_round() -> None:
    """Three levels of one source and seed: the dense round, two more rounds, and the last ticket: four trainings."""
    plan = planned(spec_of(TICKET, seeds="1", tasks=("a", "b")))

    assert len(jobs(plan, FineTune)) == 2 * 4
    assert len(jobs(plan, Prune)) == 2 * 3
    assert plan.shared == 2 * 2


def test_the_first_round_is_the_dense_arm() -> None:
    without = planned(spec_of(TICKET, seeds="1"))
    with_dense = planned(spec_of(TICKET + "baselines dense\n", seeds="1"))

    assert without.jobs.keys() == with_dense.jobs.keys()
    assert cell(with_dense, "dense/a/seed=1").mask is None


def test_a_random_mask_of_the_whole_scope_does_not_depend_on_the_source() -> None:
    plan = planned(spec_of(TICKET + "baselines random_mask\ntransfer imp at 70% to a, b\n", seeds="1"))

    assert len(jobs(plan, DrawMask)) == 3
    assert len([c for c in plan.cells if c.arm == "random_mask"]) == 3 * 2


def test_a_baseline_runs_wherever_its_ticket_runs() -> None:
    plan = planned(spec_of(TICKET + BASELINES + "transfer imp at 50% to a, b\n"))

    tickets = {(c.level, c.target, c.seeds, c.ticket) for c in plan.cells if c.arm == "imp"}
    random_init = {(c.level, c.target, c.seeds, c.ticket) for c in plan.cells if c.arm == "random_init"}
    assert tickets == random_init
    assert {(c.target, c.seeds) for c in plan.cells if c.arm == "dense"} == {(t, s) for _, t, s, _ in tickets}


def test_a_baseline_differs_from_its_ticket_in_the_factor_it_names() -> None:
    plan = planned(spec_of(TICKET + BASELINES, seeds="1"))
    ticket = cell(plan, "imp/a@50%/a/seed=1")

    masked = cell(plan, "random_mask@50%/a/seed=1")
    assert (masked.weights, masked.seeds, masked.task) == (ticket.weights, ticket.seeds, ticket.task)
    assert masked.mask != ticket.mask

    redrawn = cell(plan, "random_init.imp/a@50%/a/seed=1")
    assert (redrawn.mask, redrawn.seeds, redrawn.task) == (ticket.mask, ticket.seeds, ticket.task)
    assert (ticket.weights, redrawn.weights) == (Pretrained(), RandomWeights(over="all", seed=1))


def test_a_second_plan_runs_nothing() -> None:
    spec = spec_of(TICKET + BASELINES)
    first = planned(spec)
    again = planned(spec, remembering(first))

    assert len(first.to_run) == len(first.jobs)
    assert not again.to_run
    assert again.jobs.keys() == first.jobs.keys()


def test_comments_layout_and_order_change_nothing() -> None:
    body = TICKET + BASELINES + "transfer imp at 70% to a, b\n"
    first = planned(spec_of(body))
    ticket = TICKET.replace("  source", "  # why these\n  source")
    turned = f"# A remark\n\nbaselines random_init, dense, random_mask\n\ntransfer imp at 70% to b, a\n{ticket}"
    spec = spec_of(turned, tasks=("b", "a"))

    assert not planned(spec, remembering(first)).to_run
    assert planned(spec).jobs.keys() == first.jobs.keys()


def test_a_further_seed_trains_only_that_seed() -> None:
    first = planned(spec_of(TICKET + BASELINES, seeds="1, 2"))
    wider = planned(spec_of(TICKET + BASELINES, seeds="1, 2, 3"), remembering(first))
    alone = planned(spec_of(TICKET + BASELINES, seeds="3"))

    assert {job.key for job in wider.to_run} == alone.jobs.keys()


def test_a_higher_sparsity_trains_only_that_level() -> None:
    """One mask, the ticket on its source, and each baseline, for either source; the random mask serves both."""
    first = planned(spec_of(TICKET + BASELINES, seeds="1"))
    taller = planned(spec_of(TICKET.replace("70%", "70%, 90%") + BASELINES, seeds="1"), remembering(first))

    levels = {str(job.job.sparsity) for job in taller.to_run if isinstance(job.job, Prune | DrawMask)}
    assert levels == {"90%"}
    assert len([job for job in taller.to_run if isinstance(job.job, FineTune)]) == 2 * 3


def test_changed_examples_are_noticed() -> None:
    """Whatever reads them or follows from them runs again; the rest is reused."""
    spec = spec_of(TICKET + BASELINES, seeds="1")
    first = planned(spec)
    changed = planned(spec, remembering(first), b="b, one row edited")

    assert {job.job.task.name for job in changed.to_run if isinstance(job.job, FineTune)} == {"b"}
    assert {job.job.task.name for job in changed.reused if isinstance(job.job, FineTune)} == {"a"}


def test_dropped_weights_are_made_again_only_for_a_mask_that_is_missing() -> None:
    spec = spec_of(TICKET, seeds="1")
    first = planned(spec)
    assert not planned(spec, remembering(first, keeps_weights=False)).to_run

    taller = planned(spec_of(TICKET.replace("70%", "70%, 90%"), seeds="1"), remembering(first, keeps_weights=False))
    kinds = sorted(f"{job.job.kind} {job.job.task.name}" for job in taller.to_run if isinstance(job.job, FineTune))
    assert kinds == ["fine-tune a", "fine-tune a", "fine-tune b", "fine-tune b"], "the round at 70%, and the new level"


def test_what_only_led_to_known_masks_is_not_made_again() -> None:
    """Round three is not a cell of this study, and its mask is there."""
    body = TICKET.replace("sparsity 30%, 50%, 70%", "rounds 30%, 50%, 70% of original\n  sparsity 70%")
    first = planned(spec_of(body, seeds="1"))
    ends = {key for key in first.jobs if key in first.cells.values() or key in first.masks}
    known = remembering(first)

    again = planned(spec_of(body, seeds="1"), lambda keys: known([key for key in keys if key in ends]))
    assert not again.to_run
    assert again.jobs.keys() == ends


def test_levels_are_read_from_the_path() -> None:
    body = TICKET.replace("sparsity 30%, 50%, 70%", "rounds 30%, 50%, 70% of original\n  sparsity 50%, 70%")
    plan = planned(spec_of(body, seeds="1"))

    assert len(jobs(plan, Prune)) == 2 * 3
    assert {str(c.level) for c in plan.cells} == {"50%", "70%"}


def test_masks_nest_by_starting_from_the_level_before() -> None:
    plan = planned(spec_of(TICKET.replace("a, b", "a"), seeds="1"))
    by_level = {job.sparsity: job for job in jobs(plan, Prune)}
    keys = {entry.job.sparsity: key for key, entry in plan.jobs.items() if isinstance(entry.job, Prune)}

    assert by_level[Sparsity.percent(30)].start is None
    assert by_level[Sparsity.percent(50)].start == keys[Sparsity.percent(30)]
    assert by_level[Sparsity.percent(70)].start == keys[Sparsity.percent(50)]


def test_pre_trained_weights_can_be_pruned_as_they_are() -> None:
    direct = TICKET.replace("source a, b", "source none").replace("30%, 50%, 70%", "70%").replace("rewind 0 steps", "")
    plan = planned(spec_of(direct + "transfer imp at 70% to a, b\n", seeds="1, 2"))

    (prune,) = jobs(plan, Prune)
    assert prune.weights is None
    assert sorted(c.id for c in plan.cells)[0] == "imp/none@70%/a/seed=1"
    assert len(plan.jobs) == 1 + 2 * 2, "one mask serves both seeds"


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


def test_no_two_cells_share_a_name() -> None:
    """Arms of every kind, beside tickets that differ in rewind point and in source."""
    arm = "arm odd { mask random global; weights random all }\n"
    body = TICKET.replace("0 steps", "0 steps, 5% of training").replace("source", "head fresh in search\n  source")
    plan = planned(arm + spec_of(f"{body}{BASELINES.strip()}, shuffled_init, odd\ntransfer imp at 70% to a, b\n"))

    assert len({c.id for c in plan.cells}) == len(plan.cells)


def test_rewind_points_are_an_axis() -> None:
    body = TICKET.replace("0 steps", "0 steps, 5% of training").replace("a, b", "a")
    plan = planned(spec_of(body, seeds="1"))

    assert {c.ticket.label for c in plan.cells if c.ticket} == {
        "imp[rewind=0 steps]/a",
        "imp[rewind=5% of training]/a",
    }


def test_a_ticket_may_be_found_on_part_of_the_data() -> None:
    """The search sees the part; where the ticket is tried, training sees what it always does."""
    limited = TICKET.replace("rewind 0 steps", "limit 100 examples, all examples")
    plan = planned(spec_of(limited + "baselines dense\ntransfer imp at 70% to b\n", seeds="1"))
    limits = {cell.id: plan.jobs[key].job.task.limit for cell, key in plan.cells.items()}
    assert set(limits.values()) == {None}
    assert {"imp[limit=100 examples]/a@70%/b/seed=1", "imp[limit=all examples]/a@70%/b/seed=1"} <= limits.keys()
    searched = [
        job.job.task.limit
        for job in plan.jobs.values()
        if isinstance(job.job, FineTune) and any("round" in label for label in job.labels)
    ]
    assert set(searched) == {None, 100}
    unlimited = planned(spec_of(TICKET + "baselines dense\ntransfer imp at 70% to b\n", seeds="1"))
    assert unlimited.jobs.keys() < plan.jobs.keys(), "a limit of all is no other study"


def test_pruning_first_looks_at_the_pre_trained_weights() -> None:
    plan = planned(spec_of(TICKET.replace("rewind", "first prune\n  rewind").replace("a, b", "a"), seeds="1"))
    first, second, _ = jobs(plan, Prune)

    assert (first.weights, first.start) == (None, None)
    assert second.weights is not None


def test_equal_texts_give_equal_studies() -> None:
    spec = spec_of(TICKET + BASELINES)
    assert study_of(spec) == study_of("# another place\n\n" + spec)


def key_of_job(plan: Plan, job: FineTune) -> str:
    (key,) = (key for key, entry in plan.jobs.items() if entry.job == job)
    return key


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


def test_weights_that_training_goes_on_from_are_made_again_where_they_were_dropped() -> None:
    text = TICKET.replace("0 steps", "nothing").replace("a, b", "a")
    whole = planned(spec_of(text, seeds="1"))
    higher = planned(spec_of(text.replace("70%", "70%, 90%"), seeds="1"), remembering(whole, keeps_weights=False))

    assert len([entry for entry in higher.to_run if isinstance(entry.job, FineTune)]) == 5


@pytest.mark.parametrize(
    "protocol",
    [
        "rewind nothing",
        "rewind rates to 1 epoch",
        "rewind 0 steps of pruned matrices",
        "rewind 1 epoch of pruned matrices",
        "rewind 5% of training",
        "head carried in search",
        "head fresh in search",
        "schedule over 3 rounds",
        "first prune",
    ],
)
def test_every_cell_has_one_answer_under_every_protocol(protocol: str) -> None:
    """Beside another ticket, with every baseline, on own and foreign targets."""
    other = TICKET.replace("ticket imp", "ticket other")
    arms = "baselines dense, random_mask, random_init, shuffled_init, random_layer_mask, odd, layers\n"
    own_arms = "arm odd { mask random global; weights random all }\narm layers { weights shuffled layers }\n"
    body = TICKET.replace("rewind 0 steps", protocol) + other + arms
    plan = planned(own_arms + spec_of(body + "transfer imp at 70% to a, b\ntransfer other at 70% to a, b\n"))
    assert len({c.id for c in plan.cells}) == len(plan.cells)


def test_a_few_cells_take_the_jobs_that_they_wait_for() -> None:
    plan = planned(spec_of(TICKET + BASELINES + "transfer imp at 70% to a, b\n", seeds="1"))
    (wanted,) = [c for c in plan.cells if c.id == "imp/a@50%/a/seed=1"]
    part = plan.narrowed([wanted])

    assert list(part.cells) == [wanted]
    assert [type(job.job) for job in part.jobs.values()] == [FineTune, Prune, FineTune, Prune, FineTune]
    assert part.shared < plan.shared


def test_what_a_few_cells_begin_with_is_not_run_again() -> None:
    """Neither what only led to a mask that is there, nor what another cell waits for."""
    text = TICKET + "baselines dense\n"
    done = planned(spec_of(text, seeds="1"))
    higher = planned(spec_of(text.replace("70%", "70%, 90%"), seeds="1"), remembering(done, keeps_weights=False))
    known = [c for c in higher.cells if c.id == "imp/a@50%/a/seed=1"]

    assert higher.to_run
    assert not higher.narrowed(known).to_run


SCORED = "ticket imp {{ source a, b; prune {} of encoder; sparsity 30%, 50% of original{} }}\n"


def test_gradients_are_those_of_the_weights_that_are_pruned() -> None:
    """With the head they were trained with, under the mask that they were trained under, by the seeds of the search."""
    plan = planned(spec_of(SCORED.format("snip", "; rate 1e-3"), seeds="{ search 7; head 2; order 3 }"))
    _, second = (prune for prune in jobs(plan, Prune) if prune.training.task.name == "a")

    assert second.pruning.batches == 10
    assert (second.training.weights, second.training.head) == (Reached(job=second.weights), second.weights)
    assert (second.training.mask, second.training.data) == (second.start, "a")
    assert second.training.seeds == TrainingSeeds(head=7, order=7, dropout=7, subset=1)
    assert second.training.task.recipe.rate == Fraction(1, 1000)


def test_gradients_before_any_training_are_those_of_a_fresh_head() -> None:
    plan = planned(spec_of(SCORED.format("snip", "; first prune; rounds 1"), seeds="1"))

    for prune in jobs(plan, Prune):
        assert (prune.weights, prune.start) == (None, None)
        assert (prune.training.weights, prune.training.head) == (Pretrained(), None)
    assert not {job.data for job in jobs(plan, FineTune) if job.mask is None}, "nothing is trained for the search"


def test_changed_examples_change_the_masks_that_they_score() -> None:
    spec = spec_of(SCORED.format("snip", "; first prune; rounds 1"), seeds="1")
    again = planned(spec, remembering(planned(spec)), b="other")

    assert {job.job.training.task.name for job in again.to_run if isinstance(job.job, Prune)} == {"b"}


def test_movement_is_kept_where_a_pruning_reads_it() -> None:
    plan = planned(spec_of(SCORED.format("movement of encoder, magnitude", ""), seeds="1"))
    read = {prune.weights for prune in jobs(plan, Prune) if prune.pruning.method == "movement"}
    kept = {key for key, job in plan.jobs.items() if getattr(job.job, "keeps_movement", False)}

    assert read <= kept
    assert kept < {key for key, job in plan.jobs.items() if isinstance(job.job, FineTune)}


def test_a_training_is_done_again_for_its_movement_alone_where_that_is_missing() -> None:
    """The dense round is the same job for both methods: stored without what movement pruning reads, it is made anew."""
    first = planned(spec_of(SCORED.format("magnitude", ""), seeds="1"))
    second = planned(spec_of(SCORED.format("movement", ""), seeds="1"), remembering(first))

    dense = [job.key for job in second.to_run if isinstance(job.job, FineTune) and job.job.mask is None]
    assert len(dense) == 2
    assert set(dense) <= first.jobs.keys()


def test_a_random_ticket_trains_nothing_to_be_found_and_is_one_for_all_sources() -> None:
    """Its masks come from the mask seed, and only where training goes on with its weights is there a search."""
    spec = spec_of(SCORED.format("random", ""), seeds="{ search 1, 2; mask 5, 6 }")
    plan = planned(spec)

    assert {prune.seed for prune in jobs(plan, Prune)} == {5, 6}
    assert len(jobs(plan, Prune)) == 2 * 2
    assert all(prune.weights is None for prune in jobs(plan, Prune))
    assert all(job.mask is not None for job in jobs(plan, FineTune))
    assert any(job.mask is None for job in jobs(planned(spec.replace("}\n\n}", "; rewind nothing }\n\n}")), FineTune))


GRADUAL = SCORED.format("gradual magnitude", "; rewind 5% of training")


def test_a_gradual_pruning_is_one_run_for_each_level_from_the_pretrained_weights() -> None:
    plan = planned(spec_of(GRADUAL, seeds="1"))
    runs = [job for job in jobs(plan, FineTune) if job.gradually is not None]

    assert not jobs(plan, Prune)
    assert len(runs) == 2 * 2
    assert all((run.weights, run.mask, run.begins, run.head) == (Pretrained(), None, None, None) for run in runs)
    assert {run.gradually.sparsity for run in runs} == {Sparsity.percent(30), Sparsity.percent(50)}
    ticket = cell(plan, "imp/a@30%/a/seed=1")
    assert isinstance(plan.jobs[ticket.mask].job, FineTune)
    assert isinstance(ticket.weights, Reached)
    assert isinstance(plan.jobs[ticket.weights.job].job, ReachRewindPoint)


def test_the_score_of_the_very_run_is_a_cell_beside_the_ticket() -> None:
    plan = planned(spec_of(GRADUAL + "baselines gradual_run\ntransfer imp at 50% to a, b\n", seeds="1"))
    runs = {c.id: key for c, key in plan.cells.items() if c.arm == "gradual_run"}

    assert set(runs) == {f"gradual_run.imp/{task}@{level}%/{task}/seed=1" for task in "ab" for level in (30, 50)}
    assert cell(plan, "imp/a@50%/a/seed=1").mask == runs["gradual_run.imp/a@50%/a/seed=1"]


OPERATORS = """
arm turned {{ mask inverted of ticket }}
arm both {{ mask union of ticket with imp from b }}
arm common {{ mask intersection of ticket with late }}
"""


def with_operators(body: str, seeds: str = "1") -> str:
    return OPERATORS.format() + spec_of(body, seeds=seeds)


def test_masks_are_inverted_and_combined_level_by_level_and_seed_by_seed() -> None:
    late = TICKET.replace("ticket imp", "ticket late").replace("30%, ", "").replace("0 steps", "5% of training")
    plan = planned(with_operators(TICKET + late + "baselines turned, both, common\n", seeds="1, 2"))
    masks = {(c.arm, c.ticket.label, c.level, c.seeds.search): cell(plan, c.id).mask for c in plan.cells if c.ticket}

    def combined(arm: str, label: str, percent: int) -> CombineMasks:
        return plan.jobs[masks[arm, label, Sparsity.percent(percent), 2]].job

    own = masks["imp", "imp/a", Sparsity.percent(50), 2]
    assert combined("turned", "imp/a", 50) == CombineMasks(operation="inverted", masks=(own,))
    other = masks["imp", "imp/b", Sparsity.percent(50), 2]
    assert set(combined("both", "imp/a", 50).masks) == {own, other}
    assert set(combined("common", "imp/a", 50).masks) == {own, masks["late", "late/a", Sparsity.percent(50), 2]}

    assert ("both", "imp/b", Sparsity.percent(50), 2) not in masks, "a mask is not combined with itself"
    assert ("common", "imp/a", Sparsity.percent(30), 2) not in masks, "its partner has no such level"
    assert ("common", "late/a", Sparsity.percent(50), 2) not in masks


def test_a_union_is_the_same_mask_from_either_side() -> None:
    late = TICKET.replace("ticket imp", "ticket late").replace("0 steps", "5% of training")
    arms = "arm one { mask union of ticket with late }\narm other { mask union of ticket with imp }\n"
    plan = planned(arms + spec_of(TICKET + late + "baselines one, other\n", seeds="1"))

    assert len(jobs(plan, CombineMasks)) == 2 * 3
    one, other = cell(plan, "one.imp/a@50%/a/seed=1"), cell(plan, "other.late/a@50%/a/seed=1")
    assert one.mask == other.mask
    assert one.weights != other.weights


def test_levels_of_gradual_prunings_are_not_connected_by_lines() -> None:
    """The mask of one is not inside that of the other: both are connected with dense alone."""
    report = "baselines dense\nreport mode_connectivity\n"
    for method, levels in (("magnitude", {None, Sparsity.percent(30)}), ("gradual magnitude", {None})):
        plan = planned(spec_of(SCORED.format(method, "") + report, seeds="1"))
        assert {line.cell.level for line in plan.lines} == levels


def arms_that_a_seed_moves(role: str, spec: str) -> set[str]:
    """Arms that two seeds of a role train twice; cells are told apart by it all the same."""
    plan = planned(spec.replace("SEEDS", f"{{ {role} 1, 2 }}"))
    one = planned(spec.replace("SEEDS", f"{{ {role} 1 }}"))
    assert len({c.id for c in plan.cells}) == len(plan.cells) == 2 * len(one.cells)
    runs: dict[str, set[JobKey]] = {}
    for c, key in plan.cells.items():
        if c.level in {None, Sparsity.percent(30)}:
            runs.setdefault(c.arm, set()).add(key)
    return {arm for arm, keys in runs.items() if len(keys) == 2}


@pytest.mark.parametrize(
    ("role", "moved"),
    [
        ("search", {"imp", "random_init"}),
        ("head", {"dense", "imp", "random_mask", "random_init"}),
        ("order", {"dense", "imp", "random_mask", "random_init"}),
        ("dropout", {"dense", "imp", "random_mask", "random_init"}),
        ("subset", {"dense", "imp", "random_mask", "random_init"}),
        ("mask", {"random_mask"}),
        ("weights", {"random_init"}),
        ("masking", set()),
    ],
)
def test_every_role_is_an_axis_and_moves_what_it_is_about(role: str, moved: set[str]) -> None:
    spec = spec_of(TICKET.replace("source a, b", "source a") + BASELINES, seeds="SEEDS")
    assert arms_that_a_seed_moves(role, spec) == moved


def test_masking_moves_what_masks_words_alone_and_goes_by_the_order_unless_it_is_said() -> None:
    masked = """
task text {
  kind masked words
  data files "text/{split}.txt"
  text text
  train 1 epoch
  batch 8 examples
  rate 1e-4 linear
  length 32 tokens
}
"""
    ticket = TICKET.replace("source a, b", "source text")
    spec = masked + spec_of(ticket + BASELINES, seeds="SEEDS")
    assert arms_that_a_seed_moves("masking", spec) == {"dense", "imp", "random_mask", "random_init"}
    plan = planned(spec.replace("SEEDS", "{ order 5 }"))
    assert {cell(plan, c.id).seeds.masking for c in plan.cells} == {None}
    assert "masking" not in canonical(cell(plan, next(iter(plan.cells)).id).seeds)
