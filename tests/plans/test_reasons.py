"""Why a job is to run: the first cause in the chain, and what differs from what is there."""

import pytest
from studies import BASELINES, TICKET, facts_of, planned, remembering, spec_of, study_of

from ticketlang.differences import Difference
from ticketlang.display.cell import cause_view
from ticketlang.jobs import JobKey, settings
from ticketlang.lay_out import lay_out
from ticketlang.plan import Plan
from ticketlang.reasons import Cause, Stored, cause_of, nearest_cells

BODY = TICKET + "baselines dense, random_mask\ntransfer imp at 70% to a, b\n"
SPEC = spec_of(BODY)


def stored(plan: Plan) -> tuple[Stored, ...]:
    return tuple(Stored(key, job.labels, settings(job.job)) for key, job in plan.jobs.items())


def key_of_cell(plan: Plan, name: str) -> JobKey:
    return next(key for cell, key in plan.cells.items() if cell.id == name)


def cause(before: str, after: str, name: str, **changed: str) -> Cause | None:
    """Why a cell of a changed study is to run where the study was run before."""
    old = planned(before)
    study = study_of(after)
    new = lay_out(study, facts_of(study, **changed), remembering(old))
    return cause_of(new, key_of_cell(new, name), stored(old))


def test_what_is_there_has_no_cause() -> None:
    assert cause(SPEC, SPEC, "imp/a@70%/a/seed=1") is None


def test_a_changed_setting_is_named() -> None:
    found = cause(SPEC, SPEC.replace("rate 2e-5", "rate 3e-5", 1), "dense/a/seed=1")
    assert found is not None
    assert found.nearest is not None
    assert len(found.chain) == 1
    assert found.differences == (Difference("task recipe", "rate", "2e-5", "3e-5"),)


def test_the_first_cause_of_a_chain_is_named() -> None:
    """A ticket waits for its mask, the mask for the round before, and that one for the first."""
    found = cause(SPEC, SPEC.replace("train 2 epochs", "train 3 epochs", 1), "imp/a@70%/b/seed=2")
    assert found is not None
    assert [step.labels[0] for step in found.chain[1:3]] == ["imp/a@70%/seed=2", "imp/a round 3/seed=2"]
    assert found.chain[-1].labels[0] == "imp/a round 1/seed=2"
    assert found.differences == (Difference("task recipe", "train", "2 epochs", "3 epochs"),)


def test_one_change_is_told_in_a_few_lines() -> None:
    """However long the chain is: the one job that everything waits for, and how many these are; the rest when asked."""
    after, name = SPEC.replace("train 2 epochs", "train 3 epochs", 1), "imp/a@70%/b/seed=2"
    old, study = planned(SPEC), study_of(after)
    new = lay_out(study, facts_of(study), remembering(old))
    key = key_of_cell(new, name)
    found = cause_of(new, key, stored(old))

    assert [line.plain for line in cause_view(name, new.jobs[key], found)] == [
        "imp/a@70%/b/seed=2",
        "is to run: train on b.",
        "It waits for `imp/a round 1/seed=2`, by way of 5 more, which is to run: train on a.",
        "The store has `imp/a round 1/seed=2`, which differs in",
        "  task recipe train: 2 epochs -> 3 epochs",
        "7 jobs wait for it, this one among them.",
        "`--verbose` says all of it.",
    ]
    whole = [line.plain for line in cause_view(name, new.jobs[key], found, every_step=True)]
    assert [line.split("`")[1] for line in whole[2:8]] == [step.labels[0] for step in found.chain[1:]]  # type: ignore[union-attr]  # it is to run


def test_changed_data_is_named() -> None:
    found = cause(SPEC, SPEC, "dense/b/seed=1", b="other")
    assert found is not None
    assert found.differences == (Difference("", "data", "b", "other"),)


def test_a_new_seed_differs_in_seeds_alone() -> None:
    found = cause(SPEC, SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"), "dense/b/seed=3")
    assert found is not None
    assert found.differences == (Difference("seeds", "head, order, dropout, subset", "1", "3"),)


def test_an_empty_store_has_nothing_like_it() -> None:
    plan = planned(SPEC)
    found = cause_of(plan, key_of_cell(plan, "dense/a/seed=1"), ())
    assert found == Cause((plan.jobs[key_of_cell(plan, "dense/a/seed=1")],), None, reached=7)


def test_cells_that_may_be_meant() -> None:
    plan = planned(SPEC)
    assert nearest_cells(plan, "dense/a/seed=9")[0].startswith("dense/")
    assert set(nearest_cells(plan, "@70%/b/seed=2")) == {
        "imp/a@70%/b/seed=2", "imp/b@70%/b/seed=2", "random_mask@70%/b/seed=2"
    }  # fmt: skip
    assert nearest_cells(plan, "???") == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("imp/a@80%/seed=1", "imp/a@30%/seed=1"),  # another level, of a mask
        ("imp/a@70%/seed=9", "imp/a@70%/seed=1"),  # another seed
        ("imp/c@70%/seed=2", "imp/a@70%/seed=2"),  # another source
        ("impa@70%/seed=1", "imp/a@70%/seed=1"),
        ("IMP/A@70%/a/seed=1", "imp/a@70%/a/seed=1"),
        ("imp/a@70/a/seed1", "imp/a@70%/a/seed=1"),
        ("imp/a@70%", "imp/a@70%/a/seed=1"),  # begins like this
        ("random_mask/a@70%/seed=1", "random_mask@70%/a/seed=1"),  # in another order
        ("imp/a round 9/seed=1", "imp/a round 1/seed=1"),
    ],
)
def test_the_nearest_name_comes_first(said: str, meant: str) -> None:
    """Of cells, masks and rounds alike."""
    assert nearest_cells(planned(spec_of(TICKET + BASELINES)), said)[0] == meant
