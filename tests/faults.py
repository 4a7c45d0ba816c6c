"""Disks that fail at one operation of their choice, and what is asked of a store whatever they do."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from attrs import define, evolve, field, frozen
from handmade import Bench, Heard, draw, perform, plan_of_jobs

from runtime.schedulers.ran import Ran
from runtime.schedulers.serial import run
from runtime.store import Disk, Outcome, Store, StoreError
from runtime.store.claims import Owner
from ticketlang.plan import Plan, PlannedJob

FOR_EVER = 10**9
EARLIER = draw(999)  # done before anything fails


class Crash(BaseException):
    """The process ends here."""


@frozen
class Fault:
    """One way in which a disk can fail."""

    name: str
    number: int = 0  # of the error; 0: the process ends
    verbs: tuple[str, ...] = ()  # of the operations that it can strike; none: all of them
    is_torn: bool = False  # what was being written stays half written
    is_lasting: bool = True  # nothing works from then on
    strikes_syncs: bool = False  # instead of operations


PUTTING = ("make the folder", "write", "rename")
CHANGING = (*PUTTING, "remove", "renew")
FAULTS = (
    Fault("crash"),
    Fault("torn write", verbs=("write",), is_torn=True),
    Fault("full disk", errno.ENOSPC, PUTTING),
    Fault("full disk, once", errno.ENOSPC, PUTTING, is_lasting=False),
    Fault("quota", errno.EDQUOT, PUTTING),
    Fault("read-only disk", errno.EROFS, CHANGING),
    Fault("broken disk", errno.EIO),
    Fault("broken disk, once", errno.EIO, is_lasting=False),
    Fault("permission taken away", errno.EACCES),
    Fault("failing rename, once", errno.EIO, ("rename",), is_lasting=False),
    Fault("failing removal, once", errno.EIO, ("remove",), is_lasting=False),
    Fault("failing flush", errno.EIO, strikes_syncs=True),
    Fault("failing flush, once", errno.EIO, strikes_syncs=True, is_lasting=False),
    Fault("shared folder gone", errno.ESTALE),
)


@define
class FaultyDisk(Disk):
    """A disk that lets some operations through, and fails after them."""

    fault: Fault
    left: int = FOR_EVER
    done: int = 0  # operations that the fault could have struck
    struck: list[str] = field(factory=list)

    def about_to(self, verb: str, path: Path) -> None:
        if not self.fault.strikes_syncs and self._strikes(verb):
            if self.fault.is_torn:
                path.write_bytes(b"half of")
            self._fail(f"{verb} {path.name}")

    def sync(self, descriptor: int) -> None:
        """Nothing waits for the medium: these stores do not outlive their test."""
        if self.fault.strikes_syncs and self._strikes("sync"):
            self._fail("sync")

    def _strikes(self, verb: str) -> bool:
        if self.fault.verbs and verb not in self.fault.verbs and not self.fault.strikes_syncs:
            return False
        self.done += 1
        self.left -= 1
        return self.left < 0 if self.fault.is_lasting else self.left == -1

    def _fail(self, what: str) -> None:
        self.struck.append(what)
        if not self.fault.number:
            raise Crash
        raise OSError(self.fault.number, os.strerror(self.fault.number))


@cache
def gone_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def life(folder: Path, jobs: tuple[PlannedJob, ...], disk: Disk, do: Callable[..., Outcome] = perform) -> Ran:
    """Open a store, and run some jobs on it: every file operation that there is in the life of a job."""
    store = Store.open(folder, disk)
    store.claims.me = evolve(Owner.me(), pid=gone_pid())  # for whoever comes after, this process has ended
    return run(lambda: _plan(store, jobs), store, do, Bench(), Heard())


def _plan(store: Store, jobs: tuple[PlannedJob, ...]) -> Plan:
    return plan_of_jobs(*jobs, known=store.known)


def contents(folder: Path) -> dict[str, bytes]:
    """All that results say, by their files; times and hosts aside."""
    files = [path for path in (folder / "artifacts").rglob("*") if path.is_file()]
    return {f"{f.parent.name.partition('.')[0]}/{f.name}": f.read_bytes() for f in files if f.name != "provenance.json"}


def injected(folder: Path, fault: Fault, jobs: tuple[PlannedJob, ...], places: range | None = None) -> Iterator[str]:
    """Strike a life of some jobs at each operation in turn, and each time see to it that nothing is lost.

    Args:
        places: the numbers of the operations; None: all, from the first on to the last.

    Yields what was struck.
    """
    whole = FaultyDisk(fault)
    life(folder / "whole", (EARLIER,), FaultyDisk(fault))
    life(folder / "whole", jobs, whole)
    expected = contents(folder / "whole")
    for number in places or range(whole.done):
        if number >= whole.done:
            return
        yield struck(folder / str(number), fault, number, jobs, expected)


def struck(folder: Path, fault: Fault, number: int, jobs: tuple[PlannedJob, ...], expected: dict[str, bytes]) -> str:
    """Strike one operation: one sentence or none, whole results alone, and the next run does what is missing."""
    life(folder, (EARLIER,), FaultyDisk(fault))
    disk = FaultyDisk(fault, left=number)
    where = f"{fault.name} at operation {number}"
    try:
        ran = life(folder, jobs, disk)
    except Crash:
        assert not fault.number, where
    except StoreError as problem:
        assert fault.number, where
        assert re.fullmatch("cannot .+", str(problem)), f"{where}: {problem}"  # noqa: PT017  # one of three endings
    else:  # what failed is swept up later, or was a sign of life
        assert ran.failed == 0, f"{where}: a disk that fails is no failure of a job"
        assert ran.waiting == 0, where
    if not disk.struck:  # how often a run plans anew goes by the clock: this time there were fewer operations
        assert disk.done <= number, where
        return "nothing"
    after = Store.open(folder)
    for key in after.known([EARLIER.key, *(job.key for job in jobs)]):
        assert after.artifact(key).verify() == (), where
    assert EARLIER.key in after.known([EARLIER.key]), f"{where}: an earlier result is lost"
    again = life(folder, jobs, FaultyDisk(fault))
    assert (again.failed, again.waiting) == (0, 0), where
    assert contents(folder) == expected, where
    assert after.failures.all() == (), f"{where}: a disk that fails is no failure of a job"
    for left in (after.layout.staging, after.layout.claims):
        assert not list(left.iterdir()), f"{where}: something is left in {left.name}"
    return disk.struck[0]
