"""The serial scheduler: order, failures that stay where they are, interruption, and going on from there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

import pytest
from handmade import Bench, Heard, chain, draw, perform, plan, plan_of_jobs, publish, study, ticket

from runtime.failures import JobFailed
from runtime.progress import Silent
from runtime.schedulers import run as running
from runtime.schedulers.ran import Ran
from runtime.schedulers.serial import run
from runtime.store import Artifact, Outcome, Store, StoreError
from ticketlang.jobs import AnyJob, JobKey, inputs_of
from ticketlang.plan import Plan, PlannedJob


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def doing(before: Callable[[AnyJob], None]) -> Callable[..., Outcome]:
    """The usual performance, after something else."""

    def do(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: object, folder: Path) -> Outcome:
        (folder / "half.bin").write_bytes(b"half")
        before(job)
        (folder / "half.bin").unlink()
        return perform(job, key, inputs, workshop, folder)

    return do


def raising(error: BaseException, seed: int) -> Callable[[AnyJob], None]:
    def strike(job: AnyJob) -> None:
        if getattr(job, "seed", None) == seed:
            raise error

    return strike


def test_a_study_runs_to_its_end_and_a_second_run_does_nothing(store: Store) -> None:
    wanted = study(ticket("a", 30, 50), ticket("b", 30, 50))
    performed: list[JobKey] = []

    def do(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Bench, folder: Path) -> Outcome:
        assert set(inputs) == set(inputs_of(job))
        performed.append(key)
        return perform(job, key, inputs, workshop, folder)

    first = run(lambda: plan(wanted, store.known), store, do, Bench(), Silent())
    assert first == Ran(done=len(plan(wanted).jobs), failed=0, waiting=0)
    assert sorted(performed) == sorted(plan(wanted).jobs)

    again = run(lambda: plan(wanted, store.known), store, do, Bench(), Silent())
    assert again == Ran(done=0, failed=0, waiting=0)
    assert len(performed) == first.done


def test_what_a_job_left_is_what_its_reader_gets(store: Store) -> None:
    one, two = chain(2)
    seen = []

    def do(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Bench, folder: Path) -> Outcome:
        seen.extend(artifact.result["removed"] for artifact in inputs.values())
        return perform(job, key, inputs, workshop, folder)

    run(lambda: plan_of_jobs(one, two, known=store.known), store, do, Bench(), Silent())

    assert seen == [20]


def test_a_failure_stops_only_what_depends_on_it(store: Store) -> None:
    doomed, dependent, further = chain(3)
    free = draw(100)
    jobs = (doomed, dependent, further, free)
    heard = Heard()
    do = doing(raising(JobFailed("the loss was not finite"), seed=0))

    ran = run(lambda: plan_of_jobs(*jobs, known=store.known), store, do, Bench(), heard)

    assert ran == Ran(done=1, failed=1, waiting=2, failures=store.failures.all())
    assert heard.finished_jobs == ["draw 100"]
    assert heard.failures == {"draw 0": "the loss was not finite"}
    (failure,) = store.failures.all()
    assert failure.sentence == "the loss was not finite"
    assert list(store.layout.staging.iterdir()) == []
    assert list(store.layout.claims.iterdir()) == []

    mended = run(lambda: plan_of_jobs(*jobs, known=store.known), store, perform, Bench(), Silent())
    assert mended == Ran(done=3, failed=0, waiting=0)
    assert store.failures.all() == ()


def test_a_mistake_of_the_program_is_a_failed_job_with_a_log(store: Store) -> None:
    heard = Heard()
    do = doing(raising(KeyError("pooler"), seed=0))

    ran = run(lambda: plan_of_jobs(draw(0), draw(1), known=store.known), store, do, Bench(), heard)

    assert (ran.done, ran.failed) == (1, 1)
    (failure,) = store.failures.all()
    assert heard.failures == {"draw 0": "unexpected KeyError: 'pooler'"}
    assert "Traceback" in failure.log.read_text()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_drops_the_running_job_and_nothing_else(store: Store, signal_number: signal.Signals) -> None:
    jobs = chain(4)
    heard = Heard()
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def stop(job: AnyJob) -> None:
        if getattr(job, "seed", None) == 2:
            os.kill(os.getpid(), signal_number)
            time.sleep(5)

    ran = run(lambda: plan_of_jobs(*jobs, known=store.known), store, doing(stop), Bench(), heard)

    assert ran == Ran(done=2, failed=0, waiting=2, interrupted=signal_number)
    assert heard.endings == [ran]
    assert list(store.layout.staging.iterdir()) == []
    assert list(store.layout.claims.iterdir()) == []
    assert store.failures.all() == ()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers

    rest = run(lambda: plan_of_jobs(*jobs, known=store.known), store, perform, Bench(), Silent())
    assert rest == Ran(done=2, failed=0, waiting=0)


@pytest.mark.parametrize("makes_of_it", ["another error", "nothing"])
def test_an_interruption_that_a_library_catches_is_still_one(store: Store, makes_of_it: str) -> None:
    """Some turn whatever strikes inside them into an error of their own, or go on as if nothing had been."""

    def stop(job: AnyJob) -> None:
        if getattr(job, "seed", None) != 1:
            return
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except BaseException as caught:
            if makes_of_it == "another error":
                raise RuntimeError("a callback failed") from caught

    ran = run(lambda: plan_of_jobs(*chain(4), known=store.known), store, doing(stop), Bench(), Silent())

    done = 2 if makes_of_it == "nothing" else 1
    assert ran == Ran(done=done, failed=0, waiting=4 - done, interrupted=signal.SIGTERM)
    assert store.failures.all() == ()


def test_a_killed_process_leaves_a_store_that_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle of a job: no clean-up of any kind."""
    program = """
import os, signal, sys
from pathlib import Path
from handmade import Bench, plan_of_jobs, perform
from runtime.progress import Silent
from runtime.schedulers.serial import run
from runtime.store import Store
from test_serial import chain

def do(job, key, inputs, workshop, folder):
    (folder / "half.bin").write_bytes(b"half")
    if job.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "half.bin").unlink()
    return perform(job, key, inputs, workshop, folder)

store = Store.open(Path(sys.argv[1]))
run(lambda: plan_of_jobs(*chain(4), known=store.known), store, do, Bench(), Silent())
"""
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store")], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    assert killed.returncode == -signal.SIGKILL

    store = Store.open(tmp_path / "store")
    assert len(list(store.layout.staging.iterdir())) == len(list(store.layout.claims.iterdir())) == 1
    assert run(lambda: plan_of_jobs(*chain(4), known=store.known), store, perform, Bench(), Silent()).done == 2
    assert list(store.layout.staging.iterdir()) == []
    assert list(store.layout.claims.iterdir()) == []


def test_a_damaged_input_is_made_anew(store: Store) -> None:
    one, two = chain(2)
    mask = publish(store, one).path("mask.safetensors")
    mask.write_bytes(mask.read_bytes()[:-1] + b"\0")
    heard = Heard()

    ran = run(lambda: plan_of_jobs(one, two, known=store.known), store, perform, Bench(), heard)

    assert ran == Ran(done=2, failed=0, waiting=0)
    assert heard.finished_jobs == ["draw 0", "draw 1"]
    assert "mask.safetensors has changed" in heard.notices[0]
    assert store.artifact(one.key).verify() == ()


def test_a_full_disk_ends_the_run_in_one_sentence(store: Store) -> None:
    heard = Heard()
    do = doing(raising(OSError(28, "No space left on device"), seed=1))

    with pytest.raises(StoreError, match=r"^cannot write into .*: the disk is full; free some space and run again"):
        run(lambda: plan_of_jobs(*chain(3), known=store.known), store, do, Bench(), heard)

    assert heard.endings == [Ran(done=1, failed=0, waiting=2)]
    assert store.failures.all() == ()


def test_long_jobs_are_planned_after_each_and_short_ones_are_not(store: Store) -> None:
    """Planning takes a twentieth of the time at most, however many jobs there are."""
    jobs = [draw(seed) for seed in range(30)]
    heard = Heard()

    def slow_plan() -> Plan:
        time.sleep(0.05)
        return plan_of_jobs(*jobs, known=store.known)

    run(slow_plan, store, perform, Bench(), heard)
    assert heard.plans <= 4

    heard = Heard()
    other = [draw(seed) for seed in range(100, 105)]
    lasting = doing(lambda job: time.sleep(0.05))
    run(lambda: plan_of_jobs(*other, known=store.known), store, lasting, Bench(), heard)
    assert heard.plans >= 5


def test_what_another_run_does_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs on one store: the claimed job is done once, and what needs it goes on afterwards."""
    monkeypatch.setattr(running, "PATIENCE", 0.02)
    one, two = chain(2)
    other = Store.open(store.folder)
    claim = other.claims.take(one.key)
    assert claim is not None

    def finish() -> None:
        time.sleep(0.2)
        publish(other, one)
        other.claims.release(claim)

    thread = Thread(target=finish)
    thread.start()
    heard = Heard()
    ran = run(lambda: plan_of_jobs(one, two, known=store.known), store, perform, Bench(), heard)
    thread.join()

    assert ran == Ran(done=1, failed=0, waiting=0)
    assert heard.finished_jobs == ["draw 1"]


def test_a_store_that_loses_what_it_is_given_does_not_run_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_well = Store.publish

    def publish_and_lose(self: Store, planned: PlannedJob, *rest: object) -> Artifact:
        artifact = publish_well(self, planned, *rest)  # type: ignore[arg-type]
        self.set_aside(artifact.folder)
        return artifact

    monkeypatch.setattr(Store, "publish", publish_and_lose)
    heard = Heard()

    ran = run(lambda: plan_of_jobs(draw(0), known=store.known), store, perform, Bench(), heard)

    assert ran == Ran(done=0, failed=1, waiting=0, failures=store.failures.all())
    assert "got lost every time" in heard.failures["draw 0"]


def test_a_planner_that_never_hears_of_a_result_does_not_run_for_ever(store: Store) -> None:
    heard = Heard()

    ran = run(lambda: plan_of_jobs(draw(0)), store, perform, Bench(), heard)

    assert ran == Ran(done=1, failed=0, waiting=0)
    assert heard.finished_jobs == ["draw 0"]
