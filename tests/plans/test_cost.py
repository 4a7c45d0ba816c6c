"""What work costs is what the like of it took, and nothing is guessed."""

import pytest
from attrs import evolve
from studies import TICKET, planned, spec_of

from ticketlang.cost import Cost, cost_of, time_text
from ticketlang.jobs import DrawMask, FineTune, JobKey, settings
from ticketlang.plan import Plan, PlannedJob
from ticketlang.reasons import Stored

SPEC = spec_of(TICKET + "baselines dense, random_mask\n")


def past(job: PlannedJob, *seconds: float | None) -> list[Stored]:
    return [Stored(JobKey(f"{job.key}{i}"), job.labels, settings(job.job), s) for i, s in enumerate(seconds)]


def trainings(plan: Plan, task: str) -> list[PlannedJob]:
    return [job for job in plan.jobs.values() if isinstance(job.job, FineTune) and job.job.task.name == task]


def test_without_a_past_nothing_is_known() -> None:
    plan = planned(SPEC)
    assert cost_of(plan.to_run, ()) == Cost(0, 0, len(plan.jobs))
    assert "not known" in str(cost_of(plan.to_run, ()))
    assert str(cost_of((), ())) == ""


def test_a_training_takes_what_trainings_of_its_task_took() -> None:
    """Whatever their mask and weights; the median, so that one slow run decides nothing."""
    plan = planned(SPEC)
    one, *others = trainings(plan, "a")
    cost = cost_of(others, past(one, 10, 12, 500))
    assert cost == Cost(12 * len(others), len(others), 0)
    assert cost_of(trainings(plan, "b"), past(one, 10)).known == 0


@pytest.mark.parametrize("change", ["train 3 epochs", "batch 16 examples", "length 32 tokens", "limit 100 examples"])
def test_another_recipe_is_not_alike(change: str) -> None:
    word = change.split()[0]
    lines = SPEC.splitlines()
    changed = [f"  {change}" if line.split()[:1] == [word] else line for line in lines]
    if word == "limit":
        changed.insert(lines.index("  text sentence"), f"  {change}")
    plan, other = planned(SPEC), planned("\n".join(changed))
    assert cost_of(trainings(other, "a"), past(trainings(plan, "a")[0], 10)).known == 0


def test_work_without_a_like_is_counted_apart() -> None:
    plan = planned(SPEC)
    drawn = next(job for job in plan.jobs.values() if isinstance(job.job, DrawMask))
    cost = cost_of(plan.to_run, past(drawn, 1.0))
    assert cost.known + cost.unknown == len(plan.jobs)
    assert cost.unknown > 0
    assert str(cost).endswith(f"; {cost.unknown} jobs have none")
    assert str(evolve(cost, unknown=0)) == f"about {time_text(cost.seconds)}, going by the like in the store"


def test_several_workers_share_the_time() -> None:
    plan = planned(SPEC)
    job = trainings(plan, "a")[0]
    assert cost_of([job], past(job, 600.0)).among(4) == Cost(150.0, 1, 0)


def test_times_that_are_not_known_tell_nothing() -> None:
    plan = planned(SPEC)
    job = trainings(plan, "a")[0]
    assert cost_of([job], past(job, None)) == Cost(0, 0, 1)
