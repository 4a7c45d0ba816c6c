"""What a small run keeps of a study: every kind of job, task, level that is spoken of, and two runs of each claim."""

from pathlib import Path

import pytest
from attrs import evolve

from runtime.smoke import comparisons
from ticketlang.lay_out import lay_out
from ticketlang.pipeline import check
from ticketlang.plan import Facts, Plan
from ticketlang.smoke import Stage, kinds_of, place_of, sample, shrink
from ticketlang.source import Source
from ticketlang.study import Study

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.ticket"))


def studied(spec: Path) -> Study:
    study = check(Source(str(spec), spec.read_text(), spec)).study
    assert study is not None
    return study


def small(study: Study) -> Study:
    stages = {name: Stage(data=task.data, classes=2, is_own=False) for name, task in study.tasks.items()}
    return shrink(study, study.model, stages, {})


def sampled(study: Study) -> tuple[Plan, Plan]:
    """The plan of the small study, and the part of it that is run."""
    plan = lay_out(study, Facts.made_up(study))
    return plan, plan.narrowed_to(sample(plan, comparisons(plan)))


@pytest.mark.parametrize("spec", SPECS, ids=[spec.stem for spec in SPECS])
def test_every_kind_of_job_and_every_task_is_in_the_sample(spec: Path) -> None:
    study = studied(spec)
    whole = lay_out(study, Facts.made_up(study))
    plan, part = sampled(small(study))
    assert set(kinds_of(part).values()) == set(kinds_of(plan).values()) == set(kinds_of(whole).values())
    tasks = {getattr(job.job, "task", None) for job in part.jobs.values()} - {None}
    assert {task.name for task in tasks if task is not None} == set(study.tasks)
    assert {cell.arm for cell in part.cells} == {cell.arm for cell in whole.cells}
    assert len(part.jobs) < 250


@pytest.mark.parametrize("spec", SPECS, ids=[spec.stem for spec in SPECS])
def test_each_claim_has_a_case_in_two_runs(spec: Path) -> None:
    plan, part = sampled(small(studied(spec)))
    there = set(part.cells)
    for name, cases in comparisons(plan).items():
        assert any(there.issuperset((*left, *right)) and len(left) == 2 for left, right in cases), name


def test_levels_that_are_named_stay_and_points_stay_apart() -> None:
    study = small(studied(ROOT / "specs" / "curves.ticket"))
    assert [str(level) for level in study.tickets[0].path] == ["10%", "40%", "70%", "90%"]

    later = small(studied(ROOT / "specs" / "later_points.ticket"))
    points = {ticket.name: ticket.rewind.amount for ticket in later.tickets}
    assert points == {"imp": 0, "late_5": 1, "late_10": 2, "late_20": 3, "late_50": 4}
    assert {task.recipe.train.amount for task in later.tasks.values()} == {5}

    fewer = small(studied(ROOT / "specs" / "less_data.ticket"))
    assert {ticket.name: ticket.limit for ticket in fewer.tickets} == {"as_cola": 8, "as_sst2": 16, "imp": 24}


def test_a_small_study_is_the_study_in_all_that_it_is_about() -> None:
    study = studied(ROOT / "specs" / "universal.ticket")
    made = small(study)
    assert made.claims == study.claims
    assert made.baselines == study.baselines
    assert made.match == study.match
    assert made.report == study.report
    assert [ticket.label for ticket in made.tickets] == [ticket.label for ticket in study.tickets]
    assert len(made.seeds) == 2


def test_masks_of_units_and_of_weights_are_other_kinds() -> None:
    """And a baseline is run beside each ticket block, since its mask is drawn over the scope of that."""
    text = (ROOT / "specs" / "universal.ticket").read_text()
    units = "ticket units { source mrpc; prune magnitude of heads + neurons; sparsity 50% of original }"
    study = check(Source("s.ticket", text.replace("\n  baselines", f"\n  {units}\n  baselines", 1))).study
    assert study is not None
    plan, part = sampled(small(study))

    drawn = {kind for kind in kinds_of(part).values() if kind.startswith("draw")}
    assert drawn == {"draw a mask", "draw a mask of units"}
    pairs = [{(cell.arm, cell.ticket.name) for cell in some.cells if cell.ticket is not None} for some in (plan, part)]
    assert pairs[0] == pairs[1]


def test_a_job_has_its_place_where_its_ticket_is() -> None:
    """Names of tickets and tasks may be parts of others."""
    study = studied(ROOT / "specs" / "less_data.ticket")
    tickets = {ticket.name: ticket for ticket in study.tickets}
    label = tickets["imp"].label
    longer = evolve(tickets["as_cola"], name="ximp", source=("mlm",))
    other = evolve(tickets["imp"], source=(f"{tickets['imp'].source[0]}2",))
    made = evolve(study, tickets=(longer, other, tickets["imp"]))

    assert place_of(made, f"{label}@70%/seed=1") == tickets["imp"].at
    assert place_of(made, f"random_mask.{label}@70%/mlm/seed=1") == tickets["imp"].at
    assert place_of(made, f"{label} round 2/seed=1") == tickets["imp"].at
    assert place_of(made, f"{longer.label}@70%/seed=1") == longer.at
    assert place_of(made, "dense/mlm/seed=1") == study.tasks["mlm"].at
    assert place_of(made, "something else") == study.at
