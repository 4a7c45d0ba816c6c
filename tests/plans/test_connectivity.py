"""Lines between trainings: which are asked for, what their two ends share, and what that costs."""

from attrs import evolve
from studies import TICKET, planned, remembering, spec_of

from ticketlang.jobs import FineTune, Interpolate
from ticketlang.plan import Cell, Plan
from ticketlang.study import Seeds

BODY = f"{TICKET}\nbaselines dense, random_mask\ntransfer imp at 70% to a, b\n"
REPORT = BODY + "report mode_connectivity\n"


def lines_of(plan: Plan, kind: type = Seeds) -> dict[str, tuple[Interpolate, FineTune, FineTune]]:
    """Lines to other noise (`Seeds`), or to other levels (`Cell`)."""
    found = {}
    for line, key in plan.lines.items():
        if not isinstance(line.other, kind):
            continue
        job = plan.jobs[key].job
        assert isinstance(job, Interpolate)
        one, other = plan.jobs[job.one].job, plan.jobs[job.other].job
        assert isinstance(one, FineTune)
        assert isinstance(other, FineTune)
        found[line.id] = (job, one, other)
    return found


def test_dense_and_each_ticket_of_its_own_task_have_a_line_for_each_run() -> None:
    """Two tasks, two runs, dense and three levels each; neither baselines under a mask nor transfers have one."""
    found = lines_of(planned(spec_of(REPORT)))

    names = {
        "dense/a",
        "imp/a@30%/a",
        "imp/a@50%/a",
        "imp/a@70%/a",
        "dense/b",
        "imp/b@30%/b",
        "imp/b@50%/b",
        "imp/b@70%/b",
    }
    runs = ("seed=1 to order and dropout of seed=2", "seed=2 to order and dropout of seed=1")
    assert found.keys() == {f"{name}/{run}" for name in names for run in runs}


def test_the_ends_differ_in_order_and_dropout_alone() -> None:
    for job, one, other in lines_of(planned(spec_of(REPORT, seeds="1, 2, 3"))).values():
        assert other == evolve(one, seeds=evolve(one.seeds, order=other.seeds.order, dropout=other.seeds.dropout))
        assert one.seeds.order != other.seeds.order
        assert one.keeps_weights
        assert other.keeps_weights
        assert (job.weights, job.mask, job.task) == (one.weights, one.mask, one.task)


def test_levels_are_connected_in_order_and_differ_in_the_mask_alone() -> None:
    found = lines_of(planned(spec_of(REPORT)), Cell)

    steps = ("dense/{0}/{1} to imp/{0}@30%/{0}/{1}", "imp/{0}@30%/{0}/{1} to imp/{0}@50%/{0}/{1}",
             "imp/{0}@50%/{0}/{1} to imp/{0}@70%/{0}/{1}")  # fmt: skip
    assert found.keys() == {step.format(task, f"seed={seed}") for step in steps for task in "ab" for seed in (1, 2)}
    for job, one, other in found.values():
        assert evolve(other, mask=one.mask) == one
        assert job.mask == one.mask


def test_only_levels_that_are_looked_at_are_connected() -> None:
    ticket = TICKET.replace("sparsity 30%, 50%, 70% of original", "rounds 30%, 50%, 70% of original; sparsity 50%, 70%")
    found = lines_of(planned(spec_of(f"{ticket}\nreport mode_connectivity", tasks=("a", "b"))), Cell)

    assert [name for name in found if "seed=1" in name and "imp/a" in name] == [
        "imp/a@50%/a/seed=1 to imp/a@70%/a/seed=1"
    ]


def test_without_the_report_nothing_is_trained_again() -> None:
    plain = planned(spec_of(BODY))
    with_lines = planned(spec_of(REPORT))

    assert plain.lines == {}
    assert plain.jobs.keys() < with_lines.jobs.keys()
    assert plain.cells == with_lines.cells
    extra = [planned_job.job for key, planned_job in with_lines.jobs.items() if key not in plain.jobs]
    assert sorted(type(job).__name__ for job in extra) == ["FineTune"] * 16 + ["Interpolate"] * (16 + 12)


def test_runs_that_are_there_are_not_trained_again() -> None:
    """With orders and dropouts taken apart from the rest, the second end is another cell of the study."""
    seeds = "{ order 1, 2; dropout 1, 2 }"
    plain, with_lines = planned(spec_of(BODY, seeds=seeds)), planned(spec_of(REPORT, seeds=seeds))

    extra = [planned_job.job for key, planned_job in with_lines.jobs.items() if key not in plain.jobs]
    assert {type(job) for job in extra} == {Interpolate}


def test_every_job_comes_after_its_inputs_and_a_known_line_needs_nothing() -> None:
    plan = planned(spec_of(REPORT))
    seen: set[str] = set()
    for key, planned_job in plan.jobs.items():
        if isinstance(planned_job.job, Interpolate):
            assert {planned_job.job.one, planned_job.job.other} <= seen
        seen.add(key)

    assert planned(spec_of(REPORT), remembering(plan, keeps_weights=False)).to_run == ()
    again = planned(spec_of(BODY), remembering(plan))
    assert again.to_run == ()
    kept = planned(spec_of(REPORT), remembering(again, keeps_weights=False))
    assert all(isinstance(job.job, FineTune | Interpolate) for job in kept.to_run)  # weights that are gone, made again


def test_a_single_cell_runs_without_its_line() -> None:
    plan = planned(spec_of(REPORT))
    (cell,) = (cell for cell in plan.cells if cell.id == "dense/a/seed=1")

    narrow = plan.narrowed([cell])

    assert narrow.lines == {}
    assert {type(job.job) for job in narrow.jobs.values()} == {FineTune}
