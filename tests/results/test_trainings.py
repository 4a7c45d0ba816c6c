"""How networks were trained, as a report's appendix tells it: what the paper's table 1 has, from the declaration."""

from pathlib import Path

from attrs import evolve
from handmade import DENSE, RECIPE, plan, publish, study, ticket

from runtime.reports import Evidence
from runtime.reports.appendix.trainings import trainings
from runtime.reports.blocks import Table
from runtime.store import Certificate, Outcome, Store
from ticketlang.jobs import FineTune
from ticketlang.study import Study


def rows_of(of: Study, folder: Path, examples: int) -> list[dict[str, str]]:
    """The table of a study whose trainings saw so many examples."""
    laid_out, store = plan(of), Store.open(folder)
    for planned in laid_out.jobs.values():
        if isinstance(planned.job, FineTune):
            result = {"scores": {"accuracy": 0.5}, "metric": "accuracy", "examples": examples, "steps": 7}
            publish(store, planned, Outcome(result, Certificate()))
    (table,) = trainings(Evidence.of(plan(of, store.known), store))
    assert isinstance(table, Table)
    names = [column.name for column in table.columns]
    return [dict(zip(names, (entry.text for entry in row), strict=True)) for row in table.rows]


def test_a_training_is_told_with_all_that_table_1_of_the_paper_has(tmp_path: Path) -> None:
    rows = rows_of(study(ticket("a", 30), baselines=(DENSE,)), tmp_path, examples=1001)

    assert {row["task"] for row in rows} == {"a"}
    for row in rows:
        assert (row["examples"], row["steps an epoch"]) == ("1,001", str(-(-1001 // RECIPE.batch)))
        assert (row["train"], row["batch"]) == (str(RECIPE.train), str(RECIPE.batch))
        assert (row["peak rate"], row["schedule"]) == (f"{float(RECIPE.rate):g}", "linear")
        assert row["optimizer"] == "adamw, epsilon 1e-08, decay 0, clip 1, fp32"
        assert row["metric"] == "accuracy"


def test_an_epoch_of_tasks_that_take_turns_has_the_steps_of_all(tmp_path: Path) -> None:
    joint = evolve(ticket("a", 30), source=("a", "b"))
    rows = rows_of(study(joint, baselines=(DENSE,)), tmp_path, examples=1001)

    (search,) = (row for row in rows if row["task"] == "a+b")
    assert search["steps an epoch"] == str(2 * -(-1001 // RECIPE.batch))
