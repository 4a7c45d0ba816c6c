"""How masks are found: from which weights, by which gradients, one from the other."""

from fractions import Fraction

from studies import SCORED, TICKET, cell, jobs, planned, spec_of

from ticketlang.jobs import FineTune, Pretrained, Prune, Reached, ReachRewindPoint, TrainingSeeds
from ticketlang.units import Sparsity


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


def test_movement_is_kept_where_a_pruning_reads_it() -> None:
    plan = planned(spec_of(SCORED.format("movement of encoder, magnitude", ""), seeds="1"))
    read = {prune.weights for prune in jobs(plan, Prune) if prune.pruning.method == "movement"}
    kept = {key for key, job in plan.jobs.items() if getattr(job.job, "keeps_movement", False)}

    assert read <= kept
    assert kept < {key for key, job in plan.jobs.items() if isinstance(job.job, FineTune)}


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
