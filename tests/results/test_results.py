"""Averages over seeds, gaps paired by seeds, and what is missing."""

from pathlib import Path

import pytest
from attrs import evolve
from handmade import DENSE, RANDOM_MASK, fill, plan, publish, study, ticket

from runtime.results import Condition, Results
from runtime.store import Certificate, Outcome, Store
from ticketlang.plan import Cell, Plan
from ticketlang.study import Seeds
from ticketlang.units import Sparsity

WANTED = study(ticket("a", 30, 50), seeds=3, baselines=(DENSE, RANDOM_MASK))
IMP_30 = Condition(arm="imp", ticket=WANTED.tickets[0], level=Sparsity.percent(30), target="a")
DENSE_A = Condition(arm="dense", ticket=None, level=None, target="a")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def scored(cell: Cell) -> float | None:
    """Dense 0.8, 0.81, 0.82; tickets always 0.05 below the dense run of the same seed."""
    return 0.79 + cell.seeds.head / 100 - (0 if cell.arm == "dense" else 0.05)


def test_averages_and_gaps_go_by_seeds(store: Store) -> None:
    laid_out = plan(WANTED)
    fill(store, laid_out, scored)
    results = Results.of(laid_out, store)

    dense, gap = results.average(DENSE_A), results.gap(IMP_30)

    assert dense is not None
    assert gap is not None
    assert (dense.mean, dense.sd, dense.n) == (pytest.approx(0.81), pytest.approx(0.01), 3)
    assert (gap.mean, gap.sd, gap.n) == (pytest.approx(-0.05), pytest.approx(0, abs=1e-12), 3)  # paired: no spread
    assert results.gap(DENSE_A) is None
    assert results.missing == 0
    assert IMP_30.name == "imp/a@30%/a"
    assert DENSE_A.name == "dense/a"


def test_seeds_that_change_nothing_in_an_arm_repeat_no_run(store: Store) -> None:
    """Three searches times two random masks: one dense run, three of the ticket, two of the random mask."""
    seeds = tuple(evolve(Seeds.tied(1), search=search, mask=mask) for search in (1, 2, 3) for mask in (1, 2))
    laid_out = plan(evolve(WANTED, seeds=seeds))
    fill(store, laid_out, lambda cell: 0.7 + cell.seeds.search / 100 + (cell.arm == "random_mask") * cell.seeds.mask)
    results = Results.of(laid_out, store)

    at_30 = {c.arm: c for c in results.conditions if c.level in {None, Sparsity.percent(30)}}
    averages = {arm: results.average(condition) for arm, condition in at_30.items()}

    asked = {arm: (found.n, found.asked) for arm, found in averages.items() if found is not None}
    assert asked == {"dense": (1, 1), "imp": (3, 3), "random_mask": (2, 2)}
    assert averages["dense"] is not None
    assert averages["dense"].sd is None  # one run has no deviation, however often it is looked at
    gaps = {arm: results.gap(condition) for arm, condition in at_30.items() if arm != "dense"}
    assert {arm: gap.n for arm, gap in gaps.items() if gap is not None} == {"imp": 3, "random_mask": 2}


def test_missing_runs_are_there_as_missing(store: Store) -> None:
    laid_out = plan(WANTED)
    fill(store, laid_out, lambda cell: None if cell.seeds == Seeds.tied(2) and cell.arm == "imp" else scored(cell))
    results = Results.of(laid_out, store)

    average, gap = results.average(IMP_30), results.gap(IMP_30)

    assert average is not None
    assert gap is not None
    assert (average.n, average.asked, average.is_complete) == (2, 3, False)
    assert gap.n == 2
    assert [cell.id for cell, measured in results.rows() if measured is None] == [
        "imp/a@30%/a/seed=2",
        "imp/a@50%/a/seed=2",
    ]
    assert results.missing == 2


def test_nothing_done_is_no_average(store: Store) -> None:
    results = Results.of(plan(WANTED), store)

    assert results.average(DENSE_A) is None
    assert results.gap(IMP_30) is None
    assert all(measured is None for _, measured in results.rows())


def test_results_are_read_whatever_the_plan_knew(store: Store) -> None:
    """A plan made before the run, and one made after it, show the same numbers."""
    before = plan(WANTED)
    fill(store, before, scored)
    after = plan(WANTED, store.known)
    assert after.to_run == ()

    assert list(Results.of(before, store).rows()) == list(Results.of(after, store).rows())


def test_a_damaged_result_is_missing_and_told_of(store: Store) -> None:
    laid_out = plan(WANTED)
    fill(store, laid_out, scored)
    (cell,) = (cell for cell in laid_out.cells if cell.id == "dense/a/seed=1")
    path = store.artifact(laid_out.cells[cell]).folder / "result.json"
    path.write_text(path.read_text().replace("0.8", "0.9"))

    results = Results.of(laid_out, Store.open(store.folder))

    assert [cell.id for cell, measured in results.rows() if measured is None] == ["dense/a/seed=1"]
    assert "its result.json has changed since it was written" in results.problems[0]


def collapse(store: Store, laid_out: Plan, level: str) -> None:
    """Store masks of one level in which a matrix keeps nothing."""
    for key, label in laid_out.masks.items():
        if f"@{level}/" in label and label.startswith("imp"):
            result = {"removed": 20, "total": 40, "collapsed": ["pooler.dense.weight"], "matrices": {"m": [20, 40]}}
            publish(store, laid_out.jobs[key], Outcome(result, Certificate()))


def test_a_collapsed_matrix_is_known_at_every_cell_it_spoils(store: Store) -> None:
    laid_out = plan(WANTED)
    fill(store, laid_out, scored)
    collapse(store, laid_out, "50%")

    results = Results.of(laid_out, store)

    assert results.collapsed_in(evolve(IMP_30, level=Sparsity.percent(50))) == ("pooler.dense.weight",)
    assert results.collapsed_in(IMP_30) == ()
    assert results.collapsed_in(DENSE_A) == ()


def test_environments_are_told_apart(store: Store) -> None:
    laid_out = plan(WANTED)
    fill(store, laid_out, lambda cell: None if cell.arm == "dense" else scored(cell))
    for cell, key in laid_out.cells.items():
        if cell.arm == "dense":
            outcome = Outcome({"scores": {"accuracy": 0.8}, "metric": "accuracy"}, Certificate())
            publish(store, laid_out.jobs[key], outcome, device="another")
    results = Results.of(laid_out, store)

    assert len(results.environments([IMP_30])) == 1
    one, other = results.environments([IMP_30, DENSE_A])
    assert one.differences(other) == ("device cpu and another",)
