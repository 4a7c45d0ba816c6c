"""Who is doing a job: one owner at a time, also over a shared folder, and none for ever.

A claim is the file `KEY.N`, created exclusively, so that of all who try N one gets it. When its owner is dead, the
next is `KEY.N+1`. Whoever has created one looks again and steps back if somebody else alive is there, since what was
seen before may be old by then.
"""

import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread

from attrs import define, field, frozen

from ticketlang.jobs import JobKey

from . import records
from .disk import Disk, MissingFileError, StoreError
from .layout import Layout, key_and_number

BEAT = 15.0  # seconds between two signs of life
SILENCE = 120.0  # seconds without one, after which an owner counts as dead; far longer than any stall of a disk


@frozen
class Owner:
    """One process on one machine."""

    host: str  # with what tells its numbers of processes from those of another that is called the same
    pid: int
    token: str  # tells apart two processes that had one number

    @classmethod
    def me(cls) -> "Owner":
        return cls(_here(), os.getpid(), token_hex(8))

    def is_gone(self, here: str) -> bool:
        """Whether the process is known to have ended; of another machine's nothing is known."""
        if self.host != here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False  # it is there and somebody else's
        return False


@cache
def _here() -> str:
    """The name of this machine, and of what its numbers of processes hold for: since it was started, in one container.

    Containers, and machines that were never given a name, often share one.
    """
    parts = [socket.gethostname()]
    for name in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        with suppress(OSError):  # only Linux has them
            path = Path(name)
            parts.append(str(path.readlink()) if path.is_symlink() else path.read_text().strip())
    return " ".join(parts)


@frozen
class Claim:
    """The right to do a job."""

    key: JobKey
    path: Path
    owner: Owner


@define
class Claims:
    """The claims of one store, as one process sees and makes them."""

    layout: Layout
    disk: Disk
    me: Owner = field(factory=Owner.me)
    only_looks: bool = False  # without a mark in the store

    def take(self, key: JobKey, inputs: Collection[JobKey] = ()) -> Claim | None:
        """Claim a job; None while somebody else alive does it.

        Args:
            inputs: the results that it reads, which nobody drops as long.
        """
        there = self._numbers(key)
        if any(self._is_alive(self.layout.claim(key, number)) for number in there):
            return None
        mine = self.layout.claim(key, max(there, default=0) + 1)
        claim = Claim(key, mine, self.me)
        try:
            said = {"host": self.me.host, "pid": self.me.pid, "token": self.me.token, "inputs": list(inputs)}
            self.disk.write_new(mine, records.write(said))
        except FileExistsError:
            return None
        for number in self._numbers(key):
            other = self.layout.claim(key, number)
            if other != mine and self._is_alive(other):
                self.release(claim)
                return None
            if other != mine:
                self.disk.remove(other)
        return claim

    def release(self, claim: Claim) -> None:
        """Give a job back. Its file stays where somebody else has it by now: numbers are used again."""
        if self.holds(claim):
            self.disk.remove(claim.path)

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is still its owner's: whoever sleeps too long is taken for dead."""
        try:
            return self._owner(claim.path) == claim.owner
        except MissingFileError:
            return False

    def is_taken(self, key: JobKey) -> bool:
        """Whether somebody alive is doing a job."""
        return any(self._is_alive(self.layout.claim(key, number)) for number in self._numbers(key))

    @contextmanager
    def beating(self, claim: Claim) -> Iterator[None]:
        """Give signs of life as long as the block runs."""
        done = Event()

        def beat() -> None:
            while not done.wait(BEAT):
                with suppress(StoreError):  # a beat that fails is one beat less; the job goes on
                    if self.holds(claim):
                        self.disk.touch(claim.path)

        heart = Thread(target=beat, name=f"heartbeat of {claim.key}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            done.set()
            heart.join()

    def in_use(self) -> frozenset[JobKey]:
        """The jobs that somebody alive is doing, and the results that these read."""
        return frozenset(key for job, inputs in self._alive() for key in (job, *inputs))

    def is_read(self, key: JobKey) -> bool:
        """Whether somebody alive does a job that reads a result."""
        return any(key in inputs for _, inputs in self._alive())

    def _alive(self) -> Iterator[tuple[JobKey, tuple[JobKey, ...]]]:
        """The jobs that somebody alive is doing, each with the results that it reads."""
        for name in self.disk.names(self.layout.claims):
            parts = key_and_number(name)
            if parts is not None and self._is_alive(path := self.layout.claims / name):
                inputs: tuple[JobKey, ...] = ()
                with suppress(MissingFileError, records.BadRecordError, KeyError, TypeError):  # released, or begun
                    inputs = tuple(map(JobKey, records.read(self.disk.read(path))["inputs"]))
                yield parts[0], inputs

    def sweep(self) -> None:
        """Remove the claims of owners that are known to have ended."""
        for name in self.disk.names(self.layout.claims):
            if key_and_number(name) is None:
                continue
            with suppress(MissingFileError):  # released in the meantime
                owner = self._owner(self.layout.claims / name)
                if owner is not None and owner.is_gone(self.me.host):
                    self.disk.remove(self.layout.claims / name)

    def _numbers(self, key: JobKey) -> list[int]:
        found = (key_and_number(name) for name in self.disk.names(self.layout.claims))
        return sorted(number for named, number in filter(None, found) if named == key)

    def _is_alive(self, path: Path) -> bool:
        try:
            owner = self._owner(path)
            if owner is not None and owner.is_gone(self.me.host):
                return False
            return self.disk.age(path, None if self.only_looks else self.layout.probe(self.me.token)) < SILENCE
        except MissingFileError:
            return False  # released in the meantime

    def _owner(self, path: Path) -> Owner | None:
        """Who made a claim; None while it is still being written."""
        try:
            value = records.read(self.disk.read(path))
            return Owner(value["host"], value["pid"], value["token"])
        except (records.BadRecordError, KeyError, TypeError):
            return None
