"""A disk that fails at any operation ends a run with a sentence, loses nothing, and fails no job."""

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

import pytest
from faults import FAULTS, Fault, FaultyDisk, contents, injected, life
from handmade import Bench, Heard, chain, draw, perform, plan_of_jobs, publish
from imports import ROOT
from safetensors import SafetensorError

from runtime.schedulers.hand import Hand
from runtime.schedulers.serial import run
from runtime.store import Artifact, Disk, Outcome, Store, StoreError, trouble_of
from ticketlang.jobs import AnyJob, JobKey


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_anywhere_in_the_life_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """`make torture` does the same to chains of jobs, and to those that fail."""
    monkeypatch.setattr("runtime.store.claims.SILENCE", 0.2)  # of a claim that is half written nobody knows the owner
    found = list(injected(tmp_path, fault, (draw(1),)))

    assert len(found) >= (1 if fault.verbs == ("rename",) else 4)


TOUCHES = re.compile(
    r"(\w+)\.(?:read_text|read_bytes|write_text|write_bytes|open|unlink|rename|mkdir|iterdir|rmdir|touch|stat|lstat"
    r"|r?glob|exists|is_file|is_dir|scandir|rmtree|utime|fsync|walk)\("
)


@pytest.mark.parametrize("module", sorted((ROOT / "runtime" / "store").glob("*.py")), ids=lambda path: path.name)
def test_the_disk_alone_touches_files(module: Path) -> None:
    """Else there would be an operation at which no test could fail."""
    if module.name == "disk.py":
        return
    text = module.read_text()
    touched = {found[0] for found in TOUCHES.finditer(text) if found[1] not in {"disk", "records", "Store"}}
    # Of /proc, and of the code itself: these are no store's.
    elsewhere = {"claims.py": {"path.read_text("}, "checkpoints.py": {"package.rglob(", "path.read_bytes("}}
    assert touched == elsewhere.get(module.name, set())


FAILING = (
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    OSError(errno.EIO, os.strerror(errno.EIO)),
    OSError(errno.EROFS, os.strerror(errno.EROFS)),
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
)


@pytest.mark.parametrize("error", FAILING, ids=str)
def test_a_job_whose_own_write_fails_has_not_failed(tmp_path: Path, error: Exception) -> None:
    """Whatever library wrote: it is the disk that refuses, and a later run does the job."""

    def refuse(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: object, folder: Path) -> Outcome:
        (folder / "half.bin").write_bytes(b"half")
        raise error

    with pytest.raises(StoreError, match=r"^cannot write into ") as ended:
        life(tmp_path / "s", (draw(1),), Disk(), refuse)

    assert "\n" not in str(ended.value)
    store = Store.open(tmp_path / "s")
    assert store.failures.all() == ()
    assert not list(store.layout.staging.iterdir())
    assert life(tmp_path / "s", (draw(1),), Disk()).done == 1


def test_a_file_that_a_job_cannot_read_elsewhere_is_its_own_failure(tmp_path: Path) -> None:
    inside, outside = str(tmp_path / "s" / "weights"), str(tmp_path / "data" / "train.jsonl")

    assert trouble_of(PermissionError(errno.EACCES, "Permission denied", outside), tmp_path / "s") is None
    assert trouble_of(PermissionError(errno.EACCES, "Permission denied", inside), tmp_path / "s") is not None
    assert trouble_of(ValueError("no (os error 2) of ours"), tmp_path / "s") is None


def test_who_publishes_second_is_told_so(tmp_path: Path) -> None:
    """Two do one job, since one of them was taken for dead: what the faster one stored stays, and nobody fails."""
    job = draw(1)
    elsewhere = Store.open(tmp_path / "elsewhere")

    class Slow(Disk):
        def rename(self, path: Path, to: Path) -> None:
            if to.parent.name == "artifacts":
                copytree(publish(elsewhere, job).folder, to)
            super().rename(path, to)

    store, heard = Store.open(tmp_path / "s", Slow()), Heard()
    tried = Hand(store, perform, Bench(), heard).try_(job, "s")

    assert tried.how == "done elsewhere"
    assert store.failures.all() == ()
    assert [path.name for path in store.layout.artifacts.iterdir()] == [job.key]
    assert store.artifact(job.key).verify() == ()
    assert not list(store.layout.staging.iterdir())
    ran = run(lambda: plan_of_jobs(job, known=store.known), store, perform, Bench(), heard)
    assert (ran.done, ran.failed) == (0, 0)


def test_whoever_was_taken_for_dead_takes_no_claim_along(tmp_path: Path) -> None:
    """Numbers of claims are used again: a sleeper that wakes gives back its own alone, and keeps no other alive."""
    store = Store.open(tmp_path / "s")
    sleeper = store.claims.take(draw(1).key)
    assert sleeper is not None
    sleeper.path.unlink()  # others thought it dead, did the job, and are gone
    other = Store.open(tmp_path / "s")
    theirs = other.claims.take(draw(1).key)
    assert theirs is not None
    assert theirs.path == sleeper.path

    store.claims.release(sleeper)

    assert other.claims.holds(theirs)


def test_an_input_that_is_damaged_under_the_hands_of_its_reader_is_made_anew(tmp_path: Path) -> None:
    store, heard = Store.open(tmp_path / "s"), Heard()
    one, two = chain(2)
    struck = []

    def do(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: object, folder: Path) -> Outcome:
        for artifact in inputs.values():
            if not struck:
                struck.append(artifact)
                (artifact.folder / "mask.safetensors").write_bytes(b"something else")
            artifact.path("mask.safetensors")
        return perform(job, key, inputs, workshop, folder)

    ran = run(lambda: plan_of_jobs(one, two, known=store.known), store, do, Bench(), heard)

    assert (ran.done, ran.failed, ran.waiting) == (2, 0, 0)
    assert "mask.safetensors has changed" in heard.notices[0]
    assert store.artifact(one.key).verify() == ()


def test_a_full_disk_while_a_failure_is_recorded_ends_the_run(tmp_path: Path) -> None:
    """And the job is tried again by the next one."""

    def fail(*_: object) -> Outcome:
        raise RuntimeError("a mistake of the program")

    disk = FaultyDisk(FAULTS[2])
    life(tmp_path / "counted", (draw(1),), disk, fail)
    sentences = set()
    for number in range(disk.done):
        try:
            life(tmp_path / str(number), (draw(1),), FaultyDisk(FAULTS[2], left=number), fail)
        except StoreError as problem:
            sentences.add(str(problem).rpartition(": ")[2])
        assert life(tmp_path / str(number), (draw(1),), Disk()).done == 1
        assert Store.open(tmp_path / str(number)).failures.all() == ()
        assert contents(tmp_path / str(number))
    assert sentences == {"the disk is full; free some space and run again, what is done is kept"}
