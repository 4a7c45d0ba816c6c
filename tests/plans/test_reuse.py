"""What of a plan is known already, and what is to run."""

from studies import BASELINES, SCORED, TICKET, planned, remembering, spec_of

from ticketlang.jobs import DrawMask, FineTune, Prune


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


def test_changed_examples_change_the_masks_that_they_score() -> None:
    spec = spec_of(SCORED.format("snip", "; first prune; rounds 1"), seeds="1")
    again = planned(spec, remembering(planned(spec)), b="other")

    assert {job.job.training.task.name for job in again.to_run if isinstance(job.job, Prune)} == {"b"}


def test_dropped_weights_are_made_again_only_for_a_mask_that_is_missing() -> None:
    spec = spec_of(TICKET, seeds="1")
    first = planned(spec)
    assert not planned(spec, remembering(first, keeps_weights=False)).to_run

    taller = planned(spec_of(TICKET.replace("70%", "70%, 90%"), seeds="1"), remembering(first, keeps_weights=False))
    kinds = sorted(f"{job.job.kind} {job.job.task.name}" for job in taller.to_run if isinstance(job.job, FineTune))
    assert kinds == ["fine-tune a", "fine-tune a", "fine-tune b", "fine-tune b"], "the round at 70%, and the new level"


def test_weights_that_training_goes_on_from_are_made_again_where_they_were_dropped() -> None:
    text = TICKET.replace("0 steps", "nothing").replace("a, b", "a")
    whole = planned(spec_of(text, seeds="1"))
    higher = planned(spec_of(text.replace("70%", "70%, 90%"), seeds="1"), remembering(whole, keeps_weights=False))

    assert len([entry for entry in higher.to_run if isinstance(entry.job, FineTune)]) == 5


def test_a_training_is_done_again_for_its_movement_alone_where_that_is_missing() -> None:
    """The dense round is the same job for both methods: stored without what movement pruning reads, it is made anew."""
    first = planned(spec_of(SCORED.format("magnitude", ""), seeds="1"))
    second = planned(spec_of(SCORED.format("movement", ""), seeds="1"), remembering(first))

    dense = [job.key for job in second.to_run if isinstance(job.job, FineTune) and job.job.mask is None]
    assert len(dense) == 2
    assert set(dense) <= first.jobs.keys()


def test_what_only_led_to_known_masks_is_not_made_again() -> None:
    """Round three is not a cell of this study, and its mask is there."""
    body = TICKET.replace("sparsity 30%, 50%, 70%", "rounds 30%, 50%, 70% of original\n  sparsity 70%")
    first = planned(spec_of(body, seeds="1"))
    ends = {key for key in first.jobs if key in first.cells.values() or key in first.masks}
    known = remembering(first)

    again = planned(spec_of(body, seeds="1"), lambda keys: known([key for key in keys if key in ends]))
    assert not again.to_run
    assert again.jobs.keys() == ends


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
