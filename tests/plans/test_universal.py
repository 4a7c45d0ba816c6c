"""The paper's study on bert-base-uncased: its plan is held to the last number."""

from pathlib import Path

from handmade import same_as_golden, shown
from studies import facts_of

from ticketlang.display.plan import plan_view
from ticketlang.jobs import FineTune
from ticketlang.lay_out import lay_out
from ticketlang.pipeline import check
from ticketlang.plan import Plan
from ticketlang.readiness import what_cannot_run_yet
from ticketlang.source import Source

SPEC = Path(__file__).parents[2] / "specs" / "universal.ticket"

TASKS, SOURCES, LEVELS, SEEDS = 11, 11, 7, 3


def laid_out() -> Plan:
    checked = check(Source("universal.ticket", SPEC.read_text(encoding="utf-8")))
    assert checked.study is not None
    assert not checked.diagnostics
    return lay_out(checked.study, facts_of(checked.study))


def test_the_plan_of_the_paper() -> None:
    """Every count follows from the design: what the scripts of the paper run in 565 commands, each training once."""
    plan = laid_out()
    trainings = [job for job in plan.jobs.values() if isinstance(job.job, FineTune)]
    by_arm = {arm: len({key for cell, key in plan.cells.items() if cell.arm == arm}) for arm in arms(plan)}

    own = SOURCES * LEVELS
    transferred = SOURCES * (TASKS - 1)  # the ticket on its own source is there already
    direct = TASKS
    assert by_arm == {
        "dense": TASKS * SEEDS,
        "imp": (own + transferred) * SEEDS,
        "direct": direct * SEEDS,
        "random_mask": TASKS * LEVELS * SEEDS,
        "random_init": (own + transferred + direct) * SEEDS,
        "shuffled_init": (own + transferred + direct) * SEEDS,
    }
    assert len(trainings) == sum(by_arm.values()), "the rounds of the search are among them"


def arms(plan: Plan) -> set[str]:
    return {cell.arm for cell in plan.cells}


def test_the_plan_as_it_is_shown() -> None:
    plan = laid_out()
    refused = [f"{problem.message}; `run` refuses it" for problem in what_cannot_run_yet(plan.study)]
    text = shown(*plan_view(plan, ("google-bert/bert-base-uncased",), refused), width=100)
    assert same_as_golden(Path(__file__).with_name("universal.txt"), text)
