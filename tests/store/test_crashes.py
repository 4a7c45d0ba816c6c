"""A store survives the end of its process between any two operations, and a disk that refuses at any of them."""

import errno
from pathlib import Path

import pytest
from attrs import define, evolve
from handmade import draw, perform, plan, publish, study, ticket

from runtime.store import Disk, Store, StoreError
from ticketlang.jobs import FineTune
from ticketlang.plan import PlannedJob

FOR_EVER = 10**9


class Crash(BaseException):
    """The process ends here."""


@define
class FaultyDisk(Disk):
    """A disk that lets some operations through, and fails from then on."""

    how: str  # "crash", or "full disk"
    left: int = FOR_EVER
    done: int = 0

    def about_to(self, verb: str, path: Path) -> None:
        self.done += 1
        self.left -= 1
        if self.left < 0 and self.how == "crash":
            raise Crash
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


def trainings() -> tuple[PlannedJob, PlannedJob]:
    """The same training without and with its weights kept."""
    keeping = next(j for j in plan(study(ticket("a", 30, 50))).jobs.values() if isinstance(j.job, FineTune))
    return evolve(keeping, job=evolve(keeping.job, keeps_weights=False)), keeping


def operations_of_publishing(folder: Path) -> int:
    disk = FaultyDisk("crash")
    store = Store.open(folder, disk)
    disk.done = 0
    publish(store, draw(1))
    return disk.done


@pytest.mark.parametrize("how", ["crash", "full disk"])
def test_publishing_may_end_anywhere(tmp_path: Path, how: str) -> None:
    """Whatever happened, the store opens, knows only whole results, and the job can be done again."""
    job, earlier = draw(1), draw(2)
    total = operations_of_publishing(tmp_path / "counted")
    assert total > 15  # staging, writing, flushing, describing, renaming

    known_at = []
    for allowed in range(total):
        disk = FaultyDisk(how)
        store = Store.open(tmp_path / str(allowed), disk)
        publish(store, earlier)
        disk.left = allowed
        with pytest.raises((Crash, StoreError)) as ended:
            publish(store, job)
        if how == "full disk":
            assert "the disk is full" in str(ended.value)

        after = Store.open(store.folder)
        after.sweep()
        assert list(after.layout.staging.iterdir()) == []
        known = after.known([job.key, earlier.key])
        assert earlier.key in known
        for key in known:
            assert after.artifact(key).verify() == ()
        known_at.append(job.key in known)
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
        disk = FaultyDisk("crash")
        store = Store.open(tmp_path / str(allowed), disk)
        publish(store, dropping)
        disk.left = allowed
        try:
            publish(store, keeping)
        except Crash:
            after = Store.open(store.folder)
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
    for allowed in range(30):
        try:
            Store.open(tmp_path / str(allowed), FaultyDisk("crash", left=allowed))
        except Crash:
            publish(Store.open(tmp_path / str(allowed)), draw(1))
        else:
            break
    else:
        pytest.fail("opening has more operations than were tried")
    assert allowed > 5


def test_staging_by_hand_needs_no_disk_of_ours(tmp_path: Path) -> None:
    """A job writes with whatever library it likes: what it wrote is flushed and digested when it is published."""
    store = Store.open(tmp_path / "s")
    staged = store.stage(draw(1).key)
    perform(draw(1).job, draw(1).key, {}, None, staged)
    assert [path.name for path in staged.iterdir()] == ["mask.safetensors"]
    store.drop(staged)
    assert list(store.layout.staging.iterdir()) == []
