"""The life of a worker: a process that does one job after another, and keeps torch, models and examples warm between.

It is told jobs and tells what becomes of them through one pipe. It ends when the pipe does, when it is asked to by
SIGTERM, or when the process that started it is gone, and puts away what it has staged in each case.
"""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread
from typing import Any

from attrs import define, frozen

from ticketlang.jobs import JobKey
from ticketlang.plan import PlannedJob

from ..failures import NoSuchDevice
from ..progress import Listener, Silent
from ..store import Store, StoreError
from .hand import Hand, Perform, Tried
from .interruption import Interruption, interruptible

EVERY = 0.1  # seconds between two words about the steps of a job
GRACE = 4.4  # seconds to put things away in, once the parent is gone

# What a worker begins with: the way jobs are done, and the workshop they are done in.
Equip = Callable[[Listener], tuple[Perform[Any], Any]]


@frozen
class Ready:
    """The worker waits for jobs."""


@frozen
class Begun:
    """A job is claimed, and its work begins."""

    key: JobKey


@frozen
class Advanced:
    """A job has done some of its steps."""

    key: JobKey
    step: int
    steps: int


@frozen
class Noticed:
    """Something about a job that people should know."""

    key: JobKey
    text: str


@frozen
class Ended:
    """The try of a job is over."""

    key: JobKey
    tried: Tried


@frozen
class Broken:
    """The worker cannot go on, and every other would meet the same: the disk refuses, or there is no such device."""

    error: Exception


Message = Ready | Begun | Advanced | Noticed | Ended | Broken


def work(connection: "Connection[Message, tuple[PlannedJob, str]]", equip: Equip, folder: Path) -> None:
    """Be a worker until there is no more to do.

    Args:
        folder: of the store.
    """
    Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    try:
        _work(connection, equip, folder)
    except (Interruption, KeyboardInterrupt, EOFError, BrokenPipeError, ConnectionResetError):
        # Whoever gave the jobs wants no more of them, or is gone. All is put away, and taking torch apart takes time.
        os._exit(0)


def _work(connection: "Connection[Message, tuple[PlannedJob, str]]", equip: Equip, folder: Path) -> None:
    try:
        wire = Wire(connection)
        perform, workshop = equip(wire)  # SIGTERM still ends it there and then: nothing is to be put away
        with interruptible() as stop:
            hand = Hand(Store.open(folder), perform, workshop, wire, stop)
            connection.send(Ready())
            while True:
                job, study = connection.recv()
                connection.send(Ended(job.key, hand.try_(job, study)))
                stop.check()
    except StoreError as problem:
        connection.send(Broken(StoreError(str(problem))))  # those of other classes are not rebuilt from their text
    except (NoSuchDevice, ImportError) as problem:
        connection.send(Broken(problem))


def _end_with_parent() -> None:
    """Nobody would tell a worker to stop whose parent was killed."""
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


@define
class Wire(Silent):
    """A listener that passes on what it hears."""

    connection: "Connection[Message, Any]"
    told: float = 0.0  # when a step was last spoken of

    def started(self, planned_job: PlannedJob) -> None:
        self.told = 0.0
        self._say(Begun(planned_job.key))

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        now = time.monotonic()
        if now - self.told >= EVERY:
            self.told = now
            self._say(Advanced(key, step, steps))

    def noticed(self, key: JobKey, text: str) -> None:
        self._say(Noticed(key, text))

    def _say(self, message: Message) -> None:
        try:
            self.connection.send(message)
        except OSError:  # nobody listens any more: no failure of the job
            raise Interruption(signal.SIGTERM) from None
