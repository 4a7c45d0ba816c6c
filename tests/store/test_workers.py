"""Several workers on one plan: each job once, whoever dies; and no process is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Timer

import crews
import pytest
from handmade import DENSE, Heard, chain, draw, plan, plan_of_jobs, study, ticket, transfer

from runtime.failures import NoWorkers
from runtime.progress import Listener
from runtime.schedulers.crew import Crew
from runtime.schedulers.queue import Queue
from runtime.schedulers.ran import Ran, Terms
from runtime.schedulers.run import run
from runtime.store import Store
from ticketlang.jobs import FineTune
from ticketlang.plan import PlannedJob


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def ran(store: Store, notes: Path, jobs: list[PlannedJob], heard: Listener, workers: int = 2, **terms: object) -> Ran:
    crew = Crew((partial(crews.equip, notes),) * workers, 1, store, heard)
    return run(lambda: plan_of_jobs(*jobs, known=store.known), store, crew, heard, Terms(**terms))  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_left_tidy(store: Store) -> bool:
    return not list(store.layout.staging.iterdir()) and not list(store.layout.claims.iterdir())


def test_each_job_is_done_once_after_its_inputs(store: Store, notes: Path) -> None:
    jobs = [*chain(4), *chain(3, first=10), *chain(1, first=20)]
    heard = Heard()

    assert ran(store, notes, jobs, heard) == Ran(done=8, failed=0, waiting=0)

    begun = [seed for seed, _ in crews.tried(notes)]
    assert sorted(begun) == [0, 1, 2, 3, 10, 11, 12, 20]
    assert [seed for seed in begun if seed < 10] == [0, 1, 2, 3]
    assert sorted(heard.finished_jobs) == sorted(heard.began) == sorted(job.labels[0] for job in jobs)
    assert not [pid for _, pid in crews.tried(notes) if is_running(pid)]
    assert is_left_tidy(store)


def test_workers_are_started_once_and_no_more_than_there_is_work_for(store: Store, notes: Path) -> None:
    assert ran(store, notes, chain(5), Heard(), workers=3).done == 5

    assert len({pid for _, pid in crews.tried(notes)}) == 1
    assert {line.split()[2] for line in (notes / "done").read_text().splitlines()} == {"1"}


def test_a_worker_that_is_killed_fails_its_job_and_is_replaced(store: Store, notes: Path) -> None:
    doomed, dependent, *others = [*chain(2), *chain(4, first=10)]
    (notes / "0").write_text("die")
    heard = Heard()

    ended = ran(store, notes, [doomed, dependent, *others], heard)

    assert (ended.done, ended.failed, ended.waiting) == (4, 1, 1)
    assert list(heard.failures) == ["draw 0"]
    assert heard.failures["draw 0"].startswith("the process that did it was ended by SIGKILL, perhaps for lack of")
    assert [failure.sentence for failure in store.failures.all()] == list(heard.failures.values())
    assert is_left_tidy(store)

    (notes / "0").unlink()
    assert ran(store, notes, [doomed, dependent, *others], Heard()) == Ran(done=2, failed=0, waiting=0)


def test_a_worker_that_dies_when_all_is_done_takes_nothing_along(store: Store, notes: Path) -> None:
    one, two = chain(2)
    (notes / "0").write_text("die late")

    ended = ran(store, notes, [one, two], Heard())

    assert (ended.failed, ended.waiting, store.failures.all()) == (0, 0, ())
    assert sorted(store.stored()) == sorted((one.key, two.key))


def test_an_accident_is_tried_again_as_often_as_was_asked(store: Store, notes: Path) -> None:
    (notes / "0").write_text("die once")
    (notes / "5").write_text("fail")
    heard = Heard()

    ended = ran(store, notes, [draw(0), draw(5)], heard, retries=2)

    assert (ended.done, ended.failed) == (1, 1)
    assert sorted(seed for seed, _ in crews.tried(notes)) == [0, 0, 5, 5, 5]
    assert heard.failures == {"draw 5": "unexpected OSError: the network is down"}
    assert "unexpected OSError: the network is down; try 3 of 3" in heard.notices
    assert any(text.endswith("; try 2 of 3") and "SIGKILL" in text for text in heard.notices)
    assert [failure.key for failure in store.failures.all()] == [draw(5).key]


def test_failing_fast_begins_nothing_more(store: Store, notes: Path) -> None:
    (notes / "0").write_text("fail")
    jobs = [draw(seed) for seed in range(6)]

    ended = ran(store, notes, jobs, Heard(), workers=1, fails_fast=True)

    assert (ended.done, ended.failed, ended.waiting) == (0, 1, 5)


def test_workers_that_cannot_begin_end_the_run_with_a_sentence(store: Store, notes: Path) -> None:
    crew = Crew((partial(crews.broken, notes),) * 2, 1, store, Heard())

    with pytest.raises(NoWorkers, match=r"^a worker process ended with status 7 before it could begin$"):
        run(lambda: plan_of_jobs(draw(0), known=store.known), store, crew, Heard())


def test_where_there_is_room_for_one_worker_one_goes_on(store: Store, notes: Path) -> None:
    (notes / "0").write_text("sleep 1")
    jobs, heard = [draw(seed) for seed in range(4)], Heard()
    crew = Crew((partial(crews.equip, notes), partial(crews.late, notes)), 1, store, heard)

    ended = run(lambda: plan_of_jobs(*jobs, known=store.known), store, crew, heard)

    assert ended == Ran(done=4, failed=0, waiting=0)
    assert len(heard.notices) == 1
    assert heard.notices[0].startswith("a worker process was ended by SIGKILL before it could begin, perhaps")
    assert heard.notices[0].endswith("; going on with 1")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_all_workers_at_once(store: Store, notes: Path, by: signal.Signals) -> None:
    for seed in (0, 1):
        (notes / str(seed)).write_text("sleep 60")

    def strike() -> None:
        while len(crews.tried(notes)) < 2 if (notes / "done").exists() else True:
            time.sleep(0.05)
        os.kill(os.getpid(), by)

    Timer(0, strike).start()
    began = time.monotonic()
    ended = ran(store, notes, [draw(0), draw(1), draw(2)], Heard())

    assert ended == Ran(done=0, failed=0, waiting=3, interrupted=by)
    assert time.monotonic() - began < 30
    assert not [pid for _, pid in crews.tried(notes) if is_running(pid)]
    assert is_left_tidy(store)
    assert store.failures.all() == ()


def test_what_was_just_stored_counts_though_nobody_could_say_so(store: Store, notes: Path) -> None:
    """So that the last line of an interrupted run agrees with what `status` says after it."""
    (notes / "0").write_text("linger")
    (notes / "1").write_text("sleep 60")

    def strike() -> None:
        while not (notes / "done").exists() or len(crews.tried(notes)) < 2 or (notes / "0").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    Timer(0, strike).start()
    jobs, heard = [draw(0), draw(1), draw(2)], Heard()
    ended = ran(store, notes, jobs, heard)

    assert ended == Ran(done=1, failed=0, waiting=2, interrupted=signal.SIGINT)
    assert heard.finished_jobs == ["draw 0"]
    assert len(plan_of_jobs(*jobs, known=store.known).to_run) == ended.waiting
    assert is_left_tidy(store)


PROGRAM = """
import os, sys, crews
from functools import partial
from pathlib import Path
from handmade import draw, plan_of_jobs
from runtime.progress import Silent
from runtime.schedulers import crew
from runtime.schedulers.crew import Crew
from runtime.schedulers.run import run
from runtime.store import Store
from test_workers import chain

crew.GRACE = float(os.environ.get("GRACE", crew.GRACE))
store, notes = Store.open(Path(sys.argv[1])), Path(sys.argv[2])
jobs = [*chain(5), *chain(5, first=10), *(draw(seed) for seed in range(20, 30))]
hands = Crew((partial(crews.equip, notes),) * 2, 1, store, Silent())
print(run(lambda: plan_of_jobs(*jobs, known=store.known), store, hands, Silent()).done)
"""


def start(store: Path, notes: Path, **environment: str) -> "subprocess.Popen[str]":
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(store), str(notes)],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a Ctrl-C can reach all of its processes, as in a terminal
    )


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    last = time.monotonic() + seconds
    while not is_so() and time.monotonic() < last:
        time.sleep(0.05)
    return is_so()


def test_workers_end_when_their_parent_is_killed(store: Store, notes: Path) -> None:
    for seed in (0, 10):
        (notes / str(seed)).write_text("sleep 60")
    parent = start(store.folder, notes)
    assert until(lambda: (notes / "done").exists() and len(crews.tried(notes)) == 2)
    workers = [pid for _, pid in crews.tried(notes)]

    parent.kill()
    parent.communicate()

    assert until(lambda: not any(map(is_running, workers)))
    assert is_left_tidy(store)
    assert store.failures.all() == ()


@pytest.mark.parametrize("grace", ["0.5", "600"])
def test_whoever_does_not_end_is_killed(store: Store, notes: Path, grace: str) -> None:
    """After a while; and at once after a second Ctrl-C."""
    for seed in (0, 10):
        (notes / str(seed)).write_text("stubborn")
    parent = start(store.folder, notes, GRACE=grace)
    assert until(lambda: (notes / "done").exists() and len(crews.tried(notes)) == 2)

    os.killpg(parent.pid, signal.SIGINT)
    if grace == "600":
        with pytest.raises(subprocess.TimeoutExpired):
            parent.wait(1.0)
        os.killpg(parent.pid, signal.SIGINT)

    assert parent.communicate(timeout=60)[0] == "0\n"
    assert not any(is_running(pid) for _, pid in crews.tried(notes))
    assert is_left_tidy(store)
    assert store.failures.all() == ()


def test_four_processes_on_one_store_do_each_job_once(tmp_path: Path, notes: Path) -> None:
    """Each with two workers, begun at the same moment in a store that is not there yet."""
    processes = [start(tmp_path / "store", notes) for _ in range(4)]
    done = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sum(map(int, done)) == 20
    begun = [seed for seed, _ in crews.tried(notes)]
    assert sorted(begun) == sorted(set(begun))
    store = Store.open(tmp_path / "store")
    assert len(store.stored()) == 20
    assert all(store.artifact(key).verify() == () for key in store.stored())
    assert is_left_tidy(store)


def test_three_processes_finish_what_a_killed_one_had_begun(tmp_path: Path, notes: Path) -> None:
    """All four at work at once; one is killed with its workers, in the middle of a job on which others wait."""
    for seed in (0, 10):
        (notes / str(seed)).write_text("sleep 60")
    doomed = start(tmp_path / "store", notes)
    assert until(lambda: (notes / "done").exists() and {0, 10} == dict(crews.tried(notes)).keys())
    others = [start(tmp_path / "store", notes) for _ in range(3)]
    assert until(lambda: len({pid for _, pid in crews.tried(notes)}) > 2)
    for seed in (0, 10):
        (notes / str(seed)).unlink()
    os.killpg(doomed.pid, signal.SIGKILL)
    doomed.communicate()

    said = [process.communicate(timeout=120)[0] for process in others]

    assert [process.returncode for process in others] == [0, 0, 0]
    store = Store.open(tmp_path / "store")
    assert len(store.stored()) == 20
    assert all(store.artifact(key).verify() == () for key in store.stored())
    begun = [seed for seed, _ in crews.tried(notes)]
    assert {seed for seed in begun if begun.count(seed) > 1} == {0, 10}  # what it had in its hands
    assert len(begun) == 22
    assert sum(map(int, said)) == 20
    assert len(list(store.layout.artifacts.iterdir())) == 20
    store.sweep()
    assert is_left_tidy(store)


def test_the_longest_chain_goes_first() -> None:
    """Each round of pruning waits for the one before it; the dense network of another task waits for nothing."""
    of = study(ticket("a", 30, 50, 70), baselines=(DENSE,), transfers=(transfer("imp", 70, "a", "b"),))
    laid_out = plan(of)
    queue = Queue.of(laid_out.to_run, longest_chain_first=True)
    order = []
    while (job := queue.next()) is not None:
        order.append(job.key)
        queue.over(job.key)

    assert sorted(order) == sorted(laid_out.jobs)
    tasks = [job.task.name for job in (laid_out.jobs[key].job for key in order) if isinstance(job, FineTune)]
    rounds = 3 * len(of.seeds)
    assert set(tasks[:rounds]) == {"a"}
    assert "b" in tasks[rounds:]
