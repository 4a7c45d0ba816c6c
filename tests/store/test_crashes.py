"""A store survives the end of its process between any two operations, and a disk that refuses at any of them."""

import errno
from pathlib import Path

import pytest
from attrs import define, evolve, field
from handmade import draw, perform, plan, publish, study, ticket

from runtime.store import Disk, Store, StoreError
from ticketlang.jobs import FineTune
from ticketlang.plan import PlannedJob

OPERATIONS = ("make_folder", "read", "write_new", "names", "rename", "remove", "flush", "digest", "identity", "touch")


class Crash(BaseException):
    """The process ends here."""


@define
class Countdown:
    """How many operations are still let through; and what has been done so far."""

    left: int
    how: str
    done: list[str] = field(factory=list)

    def strike(self, name: str, path: Path) -> None:
        self.done.append(f"{name} {path.name}")
        self.left -= 1
        if self.left >= 0:
            return
        if self.how == "crash":
            raise Crash
        raise OSError(errno.ENOSPC, "No space left on device")


class FaultyDisk(Disk):
    """A disk that fails from a certain operation on: for ever, or for the rest of the process."""


def _failing(name: str):  # type: ignore[no-untyped-def]
    sound = getattr(Disk, name)

    def operation(self: FaultyDisk, path: Path, *args: object, **kwargs: object) -> object:
        COUNTDOWN[0].strike(name, path)
        return sound(self, path, *args, **kwargs)

    # The same wrapping that the real operations have: errors of the system become sentences.
    from runtime.store.disk import _in_a_sentence

    return _in_a_sentence(name)(operation)


COUNTDOWN = [Countdown(10**9, "crash")]
for _name in OPERATIONS:
    setattr(FaultyDisk, _name, _failing(_name))


def trainings() -> tuple[PlannedJob, PlannedJob]:
    """The same training without and with its weights kept."""
    keeping = next(j for j in plan(study(ticket("a", 30, 50))).jobs.values() if isinstance(j.job, FineTune))
    return evolve(keeping, job=evolve(keeping.job, keeps_weights=False)), keeping


def strikes(folder: Path, how: str) -> int:
    """How many operations a publishing has."""
    COUNTDOWN[0] = Countdown(10**9, how)
    store = Store.open(folder, FaultyDisk())
    COUNTDOWN[0] = Countdown(10**9, how)
    publish(store, draw(1))
    return len(COUNTDOWN[0].done)


@pytest.mark.parametrize("how", ["crash", "full disk"])
def test_publishing_may_end_anywhere(tmp_path: Path, how: str) -> None:
    """Whatever happened, the store opens, knows only whole results, and the job can be done again."""
    job = draw(1)
    total = strikes(tmp_path / "counted", how)
    assert total > 15  # staging, writing, flushing, describing, renaming

    known_at = []
    for allowed in range(total):
        folder = tmp_path / f"{how}-{allowed}"
        store = Store.open(folder, FaultyDisk())
        publish(store, draw(2))
        COUNTDOWN[0] = Countdown(allowed, how)
        with pytest.raises((Crash, StoreError)) as ended:
            publish(store, job)
        if how == "full disk":
            assert "the disk is full" in str(ended.value)
        COUNTDOWN[0] = Countdown(10**9, how)

        after = Store.open(folder)
        after.sweep()
        for key in after.known([job.key, draw(2).key]):
            assert after.artifact(key).verify() == ()
        assert draw(2).key in after.known([draw(2).key])
        known_at.append(job.key in after.known([job.key]))
        assert list(after.layout.staging.iterdir()) == []
        publish(after, job)
        assert after.artifact(job.key).verify() == ()
        assert len(list(after.layout.artifacts.iterdir())) == 2
    assert known_at == sorted(known_at)  # not there up to one operation, there from it on
    assert not known_at[0]
    assert known_at[-1]


def test_replacing_may_end_anywhere(tmp_path: Path) -> None:
    """There is always one whole version, the older or the newer, and the newer once it was renamed."""
    dropping, keeping = trainings()
    seen = set()
    for allowed in range(60):
        folder = tmp_path / str(allowed)
        COUNTDOWN[0] = Countdown(10**9, "crash")
        store = Store.open(folder, FaultyDisk())
        publish(store, dropping)
        COUNTDOWN[0] = Countdown(allowed, "crash")
        try:
            publish(store, keeping)
        except Crash:
            COUNTDOWN[0] = Countdown(10**9, "crash")
            after = Store.open(folder)
            known = after.known([keeping.key])[keeping.key]
            seen.add(known.keeps_weights)
            assert after.artifact(keeping.key).verify() == ()
            after.sweep()
            assert after.known([keeping.key])[keeping.key] == known
            assert len(list(after.layout.artifacts.iterdir())) == 1
        else:
            break
    else:
        pytest.fail("publishing has more operations than were tried")
    assert seen == {False, True}


def test_a_failed_opening_can_be_repeated(tmp_path: Path) -> None:
    for allowed in range(20):
        COUNTDOWN[0] = Countdown(allowed, "crash")
        try:
            Store.open(tmp_path / str(allowed), FaultyDisk())
        except Crash:
            COUNTDOWN[0] = Countdown(10**9, "crash")
            publish(Store.open(tmp_path / str(allowed)), draw(1))
        else:
            break
    else:
        pytest.fail("opening has more operations than were tried")
    COUNTDOWN[0] = Countdown(10**9, "crash")


def test_every_operation_of_the_disk_is_tried_here() -> None:
    public = {name for name in vars(Disk) if not name.startswith("_") and callable(getattr(Disk, name))}
    assert public == {*OPERATIONS, "age"}  # an age is looked at by claims alone


def test_staging_by_hand_needs_no_disk_of_ours(tmp_path: Path) -> None:
    """A job writes with whatever library it likes: what it wrote is flushed and digested when it is published."""
    store = Store.open(tmp_path / "s")
    staged = store.stage(draw(1).key)
    perform(draw(1).job, draw(1).key, {}, None, staged)
    assert [path.name for path in staged.iterdir()] == ["mask.safetensors"]
    store.drop(staged)
    assert list(store.layout.staging.iterdir()) == []
