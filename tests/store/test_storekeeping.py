"""What a store holds is shown, what nobody needs goes, and what somebody works on does not."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from handmade import DENSE, chain, draw, fill, plan, publish, shown, study, ticket

from runtime.store import DamagedError, Disk, Store, environment_of
from runtime.store.checkpoints import Checkpoints, Standing
from runtime.store.claims import Owner
from runtime.store.dropping import discard, drop_states
from runtime.store.layout import WEIGHTS
from runtime.storekeeping.garbage import Garbage, Needs, drop, garbage
from runtime.storekeeping.soundness import findings, verify_all
from runtime.storekeeping.stock import stock
from runtime.storekeeping.views import garbage_view, list_view, size_view
from ticketlang.cli.common import SPEC_WRONG
from ticketlang.cli.main import main
from ticketlang.jobs import FineTune, JobKey
from ticketlang.plan import Plan


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def everything(store: Store, of: Plan) -> Plan:
    """Do all jobs of a plan."""
    fill(store, of, lambda cell: 0.5)
    for job in of.jobs.values():
        if job.key not in store.known((job.key,)) or isinstance(job.job, FineTune):
            publish(store, job)
    return of


def needs(*plans: Plan) -> Needs:
    return Needs.of((of.jobs for of in plans), plans)


def found(store: Store, *plans: Plan, with_states: bool = False) -> Garbage:
    return garbage(Store.look(store.folder), needs(*plans), with_states=with_states)


SMALL, LARGE = study(ticket("a", 30), baselines=(DENSE,)), study(ticket("a", 30, 50), baselines=(DENSE,))


def test_what_no_spec_needs_goes_and_all_else_stays(store: Store) -> None:
    everything(store, plan(LARGE))
    small = plan(SMALL, store.known)

    going = found(store, small)

    assert {holding.key for holding in going.results} == plan(LARGE).jobs.keys() - plan(SMALL).jobs.keys()
    assert drop(store, going, lambda done, of: None) == 0
    assert {*store.stored()} == {*plan(SMALL).jobs}
    assert all(store.artifact(key).verify() == () for key in store.stored())
    assert not found(store, small)


def test_what_any_of_several_specs_needs_stays(store: Store) -> None:
    everything(store, plan(LARGE))

    assert not found(store, plan(SMALL, store.known), plan(LARGE, store.known))


def test_what_somebody_reads_by_now_is_spared(store: Store) -> None:
    """A job was begun between looking and dropping: neither its inputs go nor their weights."""
    one, two = chain(2)
    trained = next(job for job in everything(store, plan(SMALL)).jobs.values() if isinstance(job.job, FineTune))
    publish(store, one)
    going = found(store)
    assert {one.key, trained.key} <= {holding.key for holding in going.results}

    claim = store.claims.take(two.key, (one.key, trained.key))
    assert claim is not None
    assert drop(store, going, lambda done, of: None) == 2
    assert not drop_states(store, trained.key)
    assert {one.key, trained.key} <= {*store.stored()}
    store.claims.release(claim)


def test_checkpoints_go_with_the_jobs_that_nobody_asks_for(store: Store) -> None:
    asked, other = plan(SMALL), next(key for key in plan(LARGE).jobs if key not in plan(SMALL).jobs)
    kept = Checkpoints(store.layout, store.disk)
    for key in (other, next(iter(asked.jobs))):
        store.disk.make_folder(store.layout.checkpoints_of(key))
        kept.resumes(key, 3)

    going = found(store, asked)

    assert going.checkpoints == {other: going.size}
    assert going.size > 0
    assert "checkpoints" in shown(*garbage_view(going), width=100)
    drop(store, going, lambda done, of: None)
    assert kept.sizes().keys() == {next(iter(asked.jobs))}
    assert not found(store, asked)


def test_nothing_goes_that_somebody_does_or_reads(store: Store) -> None:
    """Not even what the results that are read were made from."""
    one, two, three = chain(3)
    for job in (one, two, draw(50)):
        publish(store, job)
    claim = store.claims.take(three.key, (two.key,))
    assert claim is not None

    going = found(store)

    assert [holding.key for holding in going.results] == [draw(50).key]
    assert going.in_use == {three.key, two.key}
    store.claims.release(claim)
    assert {holding.key for holding in found(store).results} == {one.key, two.key, draw(50).key}


def test_what_somebody_has_begun_since_is_spared(store: Store) -> None:
    publish(store, draw(1))
    going = found(store)
    other = Store.open(store.folder)
    assert other.claims.take(draw(1).key) is not None

    assert drop(store, going, lambda done, of: None) == 1
    assert store.known([draw(1).key])


def test_weights_that_no_job_to_come_reads_go_alone(store: Store) -> None:
    of = everything(store, plan(LARGE))
    trained = {key for key, job in of.jobs.items() if isinstance(job.job, FineTune) and job.job.keeps_weights}
    before = {key: dict(store.artifact(key).result) for key in store.stored()}

    going = found(store, plan(LARGE, store.known), with_states=True)
    assert {holding.key for holding in going.states} == trained
    drop(store, going, lambda done, of: None)

    assert {key: dict(store.artifact(key).result) for key in store.stored()} == before
    assert all(store.artifact(key).verify() == () for key in store.stored())
    assert not any(known.keeps_weights for known in store.known(of.jobs).values())
    assert plan(LARGE, store.known).to_run == ()
    assert not list(store.folder.rglob(WEIGHTS))


def test_weights_that_a_job_to_come_reads_stay(store: Store) -> None:
    """The sparser level prunes what the last training of the path left."""
    everything(store, plan(SMALL))

    going = found(store, larger := plan(LARGE, store.known), with_states=True)

    read = {key for job in larger.to_run for key in (job.job.weights,) if isinstance(key, JobKey)}
    assert read
    assert read.isdisjoint(holding.key for holding in going.states)


def test_dropping_weights_may_end_anywhere(tmp_path: Path) -> None:
    """There is always one whole version."""
    from faults import FAULTS, Crash, FaultyDisk

    job = next(j for j in plan(LARGE).jobs.values() if isinstance(j.job, FineTune) and j.job.keeps_weights)
    seen = set()
    for allowed in range(200):
        disk = FaultyDisk(FAULTS[0])
        store = Store.open(tmp_path / str(allowed), disk)
        publish(store, job)
        disk.left = allowed
        try:
            drop_states(store, job.key)
        except Crash:
            after = Store.open(store.folder)
            after.claims.me = Owner.me()
            seen.add(after.known([job.key])[job.key].keeps_weights)
            assert after.artifact(job.key).verify() == ()
        else:
            break
    assert seen == {True, False}


def test_results_go_whole_wherever_it_ends(tmp_path: Path) -> None:
    from faults import FAULTS, Crash, FaultyDisk

    for allowed in range(30):
        disk = FaultyDisk(FAULTS[0])
        store = Store.open(tmp_path / str(allowed), disk)
        publish(store, draw(1))
        disk.left = allowed
        try:
            assert discard(store, draw(1).key)
        except Crash:
            after = Store.open(store.folder)
            for key in after.stored():
                assert after.artifact(key).verify() == ()
        else:
            return
    pytest.fail("dropping has more operations than were tried")


def test_what_was_set_aside_or_left_behind_goes(store: Store) -> None:
    publish(store, draw(1))
    store.set_aside(publish(store, draw(2)).folder)
    store.stage(draw(3).key)

    going = found(store, evolve(plan(SMALL), jobs={draw(1).key: draw(1)}))
    assert (len(going.results), len(going.damaged), len(going.left)) == (0, 1, 1)
    drop(store, going, lambda done, of: None)

    assert not list(store.layout.damaged.iterdir())
    assert not list(store.layout.staging.iterdir())


def test_a_store_is_shown(store: Store) -> None:
    everything(store, plan(LARGE))
    (store.artifact(store.stored()[0]).folder / "provenance.json").write_text("{")

    held = stock(Store.look(store.folder))
    said = shown(*list_view(held), width=100)
    assert said.splitlines()[0].split() == ["study", "trainings", "masks", "unreadable", "size", "last", "used"]
    assert said.splitlines()[-2 if "share" in said else -1].startswith(f"{len(plan(LARGE).jobs)} results of 2 studies,")
    assert "of it weights that" in shown(*size_view(held), width=140)
    assert held.size == sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())


def test_names_are_shown_as_text(store: Store) -> None:
    """A store that came from elsewhere may say anything."""
    evil = "\x1b[2J\x07"
    publish(store, evolve(draw(1), labels=(evil,)))
    provenance = evolve(store.artifact(draw(1).key).provenance, study=evil)
    artifact = store.artifact(draw(1).key)
    record = provenance.to_record((artifact.folder / "digests.json").read_bytes(), files=6)
    (artifact.folder / "provenance.json").write_bytes(record)

    looked = Store.look(store.folder)
    said = shown(*list_view(stock(looked)), *garbage_view(found(store)), width=100)
    assert evil[0] not in said
    assert "\\x1b[2J" in said


def test_looking_leaves_nothing_behind(store: Store) -> None:
    everything(store, plan(LARGE))
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}

    class ReadOnly(Disk):
        def about_to(self, verb: str, path: Path) -> None:
            assert verb in {"read", "list", "look at"}, f"{verb} {path}"

    looked = Store.look(store.folder, ReadOnly())
    stock(looked)
    garbage(looked, needs(plan(SMALL)), with_states=True)
    list(findings(looked))
    looked.claims.is_taken(draw(1).key)

    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before


def damaged_log(store: Store) -> Path:
    store.failures.record(draw(7), "it went wrong", RuntimeError("so it did"))
    return store.layout.log(draw(7).key)


def damaged_failure(store: Store) -> Path:
    damaged_log(store)
    return store.layout.failure(draw(7).key)


def damaged_origin(store: Store) -> Path:
    damaged_run(store)
    spec = Path(os.fsdecode(b"caf\xe9 100%.ticket"))  # bytes that are no text
    store.remember_run("s", "study s {\n}\n", store.folder / spec)
    assert store.origins("s") == ((store.folder / spec).resolve(),)
    return next(store.layout.studies.glob("*.from"))


def damaged_run(store: Store) -> Path:
    store.remember_run("s", "study s {\n}\n")
    return store.layout.last_run("s")


def damaged_checkpoint(store: Store) -> Path:
    kept = Checkpoints(store.layout, store.disk)
    kept.write(draw(7).key, "a", Standing(step=1, steps=2), {}, memoryview(b"tensors"), environment_of("cpu"))
    return next(store.layout.checkpoints_of(draw(7).key).glob("*.json"))


def damaged_tensors(store: Store) -> Path:
    return next(damaged_checkpoint(store).parent.glob("*.safetensors"))


@pytest.mark.parametrize(
    "make", [damaged_log, damaged_failure, damaged_origin, damaged_run, damaged_checkpoint, damaged_tensors]
)
def test_any_bit_of_a_record_is_guarded(store: Store, make: Callable[[Store], Path]) -> None:
    path = make(store)
    assert list(findings(store)) == []
    content = path.read_bytes()

    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        assert list(findings(store)), f"byte {place}"


def test_what_is_no_result_is_named(store: Store) -> None:
    (store.layout.artifacts / "notes.txt").write_text("mine")

    (said,) = findings(store)
    assert "`notes.txt`" in said.sentence


def test_damaged_weights_are_not_made_lighter(store: Store) -> None:
    job = next(j for j in plan(LARGE).jobs.values() if isinstance(j.job, FineTune) and j.job.keeps_weights)
    (publish(store, job).folder / "result.json").write_text("{}\n")

    with pytest.raises(DamagedError):
        drop_states(Store.open(store.folder), job.key)
    assert len(store.stored()) == 1


def test_damage_is_told_with_the_command_that_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.open(tmp_path / "a store")
    artifact = publish(store, draw(1))
    publish(store, draw(2))
    (artifact.folder / "result.json").write_text("{}")

    assert main(["verify", "--store", str(store.folder)]) == SPEC_WRONG
    said = capsys.readouterr().out
    assert "1 result is damaged. A run that needs it makes it anew" in " ".join(said.split())
    words = shlex.split(said.splitlines()[-1])
    assert main(words[words.index("store") :]) == SPEC_WRONG
    assert f"{artifact.key} was set aside" in capsys.readouterr().out
    assert Store.look(store.folder).stored() == (draw(2).key,)
    main(["verify", "--store", str(store.folder)])
    assert "damaged" not in capsys.readouterr().out


def test_a_newer_version_is_not_set_aside_for_an_older_one_that_was_damaged(store: Store) -> None:
    """A run makes it anew while the rest of the store is still being looked at."""
    (publish(store, draw(2)).folder / "result.json").write_text("{}")
    publish(store, draw(1))
    first, last = store.stored()
    assert first == draw(2).key, "is looked at before the other"

    def made_anew(number: int, total: int, name: str) -> None:
        if number == 1:
            publish(store, draw(2))

    verified, _ = verify_all(Store.open(store.folder), made_anew, sets_aside=True)
    assert list(verified.damaged) == [first]
    assert store.stored() == (first, last)
    assert store.artifact(first).verify() == ()
