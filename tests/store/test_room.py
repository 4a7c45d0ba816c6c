"""How much of a disk a plan takes is said before, and runs that are short of it keep no more than they need."""

from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve
from handmade import DENSE, Bench, Heard, perform, plan, study, ticket
from small_world import make_model
from transformers import BertModel

from runtime.footprint import RECORDS, UNDER_WAY, Footprint, Room, room_of
from runtime.schedulers.ran import Terms
from runtime.schedulers.serial import run
from runtime.store import Store
from runtime.store.layout import WEIGHTS
from runtime.weights.files import state_of, write_state
from ticketlang.cost import size_text
from ticketlang.jobs import FineTune, JobKey, ReachRewindPoint, inputs_of
from ticketlang.plan import PlannedJob
from ticketlang.units import Duration

PATH = study(ticket("a", 30, 50, 70), baselines=(DENSE,))
FOOTPRINT = Footprint(weights=1_000_000, movement=0, mask=10_000)
PLENTY = 10**12


def test_a_footprint_is_what_is_written(tmp_path: Path) -> None:
    for has_head in (False, True):
        folder = make_model(tmp_path / str(has_head), has_head=has_head)
        network = BertModel.from_pretrained(folder)
        write_state(tmp_path / "weights", state_of(network))
        footprint = Footprint.of(folder)
        assert footprint is not None
        assert footprint.weights == sum(parameter.numel() for parameter in network.parameters()) * 4
        assert 0 <= (tmp_path / "weights").stat().st_size - footprint.weights < 10_000  # of the header
        matrices = 2 * (4 * 32 * 32 + 2 * 32 * 64) + 32 * 32
        assert (footprint.movement, footprint.mask) == (4 * matrices, matrices // 8)


def test_without_a_checkpoint_that_can_be_looked_at_nothing_is_said(tmp_path: Path) -> None:
    assert Footprint.of(tmp_path) is None


def test_a_plan_that_keeps_its_weights_takes_them_all(tmp_path: Path) -> None:
    of = plan(PATH)
    trainings = sum(isinstance(job.job, FineTune) and job.job.keeps_weights for job in of.jobs.values())

    room = room_of(of, FOOTPRINT, PLENTY)

    rest = sum(FOOTPRINT.rest(job) for job in of.jobs.values())
    assert room.kept == (trainings + UNDER_WAY) * FOOTPRINT.weights + rest
    assert room_of(of, FOOTPRINT, PLENTY, workers=4).kept == room.kept + 3 * UNDER_WAY * FOOTPRINT.weights


def test_a_lean_run_takes_no_more_than_was_said(tmp_path: Path) -> None:
    """One path of levels: each round begins anew, so that no more than one training's weights are there at once."""
    of = plan(study(ticket("a", 30, 50, 70), baselines=(DENSE,), seeds=1))
    room = room_of(of, FOOTPRINT, PLENTY)
    assert 0 <= room.lean - (1 + UNDER_WAY) * FOOTPRINT.weights < len(of.jobs) * (RECORDS + FOOTPRINT.mask)

    store, most = Store.open(tmp_path / "lean"), []

    class Counting(Heard):
        def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
            most.append(len(list(store.folder.rglob(WEIGHTS))))

    one = study(ticket("a", 30, 50, 70), baselines=(DENSE,), seeds=1)
    ran = run(lambda: plan(one, store.known), store, perform, Bench(), Counting(), Terms(drops_states=True))

    assert (ran.done, ran.failed) == (len(of.jobs), 0)
    assert max(most) <= 2  # that which is read, and that which is just made
    assert not list(store.folder.rglob(WEIGHTS))
    assert plan(one, store.known).to_run == ()
    assert all(store.artifact(key).verify() == () for key in store.stored())


def test_a_lean_run_has_every_result_that_another_has(tmp_path: Path) -> None:
    results = []
    for name, terms in (("kept", Terms()), ("lean", Terms(drops_states=True))):
        store = Store.open(tmp_path / name)
        run(lambda store=store: plan(PATH, store.known), store, perform, Bench(), Heard(), terms)
        results.append({key: (store.artifact(key).result, store.artifact(key).certificate) for key in store.stored()})

    assert results[0] == results[1]
    assert list((tmp_path / "kept").rglob(WEIGHTS))


def test_a_sparser_level_makes_again_what_a_lean_run_dropped(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "s")
    run(lambda: plan(PATH, store.known), store, perform, Bench(), Heard(), Terms(drops_states=True))
    sparser = study(ticket("a", 30, 50, 70, 80), baselines=(DENSE,))

    def needing(job: object, key: JobKey, inputs: dict, workshop: object, folder: Path) -> object:
        if getattr(job, "weights", None) in inputs:
            inputs[job.weights].path(WEIGHTS)  # type: ignore[attr-defined]
        return perform(job, key, inputs, workshop, folder)  # type: ignore[arg-type]

    ran = run(lambda: plan(sparser, store.known), store, needing, Bench(), Heard())  # type: ignore[arg-type]

    assert (ran.failed, ran.waiting) == (0, 0)
    assert plan(sparser, store.known).to_run == ()


def test_the_weights_of_a_rewind_point_stay(tmp_path: Path) -> None:
    """They are its result: it is never done without them."""
    late = evolve(ticket("a", 30), rewind=Duration(Fraction(2), "steps"))
    of = study(late, baselines=(DENSE,))
    points = [key for key, job in plan(of).jobs.items() if isinstance(job.job, ReachRewindPoint)]
    assert points

    def keeping(job: object, key: JobKey, inputs: object, workshop: object, folder: Path) -> object:
        if isinstance(job, ReachRewindPoint):
            (folder / WEIGHTS).write_bytes(b"weights")
        return perform(job, key, inputs, workshop, folder)  # type: ignore[arg-type]

    store = Store.open(tmp_path / "s")
    run(lambda: plan(of, store.known), store, keeping, Bench(), Heard(), Terms(drops_states=True))  # type: ignore[arg-type]

    assert {path.parent.name for path in store.folder.rglob(WEIGHTS)} == {*points}


def test_every_reader_of_a_job_is_one_of_its_inputs() -> None:
    """What is dropped is what no job to come has among its inputs; so these have to be all that it reads."""
    for job in plan(PATH).jobs.values():
        weights = getattr(job.job, "weights", None)
        if isinstance(weights, JobKey):
            assert weights in inputs_of(job.job)


@pytest.mark.parametrize(
    ("free", "is_tight", "is_missing"), [(50, False, True), (100, True, False), (500, False, False)]
)
def test_when_there_is_room(free: int, is_tight: bool, is_missing: bool) -> None:
    room = Room(kept=500, lean=100, free=free)
    assert (room.is_tight, room.is_missing) == (is_tight, is_missing)


def test_sizes_in_three_digits() -> None:
    sizes = (0, 999, 1000, 45_120, 999_499, 999_999, 440e6, 1.3245e9, 5e15)
    said = ["0 B", "999 B", "1.00 kB", "45.1 kB", "999 kB", "1.00 MB", "440 MB", "1.32 GB", "5000 TB"]
    assert [size_text(size) for size in sizes] == said
