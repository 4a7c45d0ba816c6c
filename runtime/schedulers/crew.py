"""Worker processes, as the process sees them that gives them jobs: started once, replaced when they die."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any

from attrs import define, field

from ticketlang.jobs import JobKey
from ticketlang.plan import PlannedJob

from ..failures import NoWorkers, WorkerLost
from ..progress import Listener
from ..store import Store
from .hand import Tried
from .interruption import Stop
from .worker import Advanced, Begun, Broken, Ended, Equip, Message, Noticed, Ready, work

GRACE = 4.4  # seconds in which workers keep what they have and put things away: with all else, less than five


@define(eq=False)
class Member:
    """One worker."""

    process: SpawnProcess
    connection: "Connection[Any, Message]"
    job: PlannedJob | None = None
    is_ready: bool = False

    def ended_by(self) -> tuple[str, str]:
        """How a process that is over ended, and what may have been the reason."""
        self.process.join(GRACE)
        self.process.kill()
        self.process.join()  # only then its number is free, and its claims are those of nobody
        code = self.process.exitcode or 0
        if code >= 0:
            return f"ended with status {code}", ""
        reason = ", perhaps for lack of memory; fewer `--workers` need less" if -code == signal.SIGKILL else ""
        return f"was ended by {signal.Signals(-code).name}", reason


@define(eq=False)
class Crew:
    """Up to so many workers on one store. A worker is started when there is a first job for it."""

    equip: tuple[Equip, ...]  # one for each worker, which may differ in the device
    threads: int
    store: Store
    listener: Listener
    members: dict[int, Member] = field(factory=dict)  # by number
    size: int = field(init=False)
    are_several: bool = True

    def __attrs_post_init__(self) -> None:
        self.size = len(self.equip)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._let_go(is_done=kind is None)
        except KeyboardInterrupt:
            self._kill()
            raise

    def listen_to(self, stop: Stop) -> None:
        """Signals strike where the run stands; workers have a `Stop` of their own."""

    def free(self) -> int:
        return self.size - sum(member.job is not None for member in self.members.values())

    def give(self, job: PlannedJob, study: str) -> None:
        """To a worker that is free, the readiest first; to a new one, if all that are there have a job."""
        for number, member in tuple(self.members.items()):
            if member.job is None and not member.process.is_alive():  # whoever dies idle takes no job along
                del self.members[number]
        free = [member for member in self.members.values() if member.job is None]
        member = max(free, key=lambda one: one.is_ready) if free else self._start()
        member.job = job
        with suppress(BrokenPipeError, ConnectionResetError):  # it is gone, and `results` finds it so
            member.connection.send((job, study))

    def results(self, patience: float | None) -> Iterator[tuple[JobKey, Tried]]:
        """See `Hands`.

        Raises:
            NoWorkers: a worker ended before it began.
            StoreError, NoSuchDevice: what a worker met, and every other would.
        """
        end = None if patience is None else time.monotonic() + patience
        ended: list[tuple[JobKey, Tried]] = []
        while not ended and (end is None or time.monotonic() < end):
            there = {member.connection: number for number, member in self.members.items()}
            left = None if end is None else max(0.0, end - time.monotonic())
            for connection in wait(list(there), left):
                ended += self._heard(there[connection])  # type: ignore[index]  # `wait` gives back what it is given
        yield from ended

    def _heard(self, number: int) -> Iterator[tuple[JobKey, Tried]]:
        """What one worker says."""
        member = self.members[number]
        try:
            message = member.connection.recv()
        except (EOFError, OSError):
            yield from self._lost(number)
            return
        match message:
            case Ready():
                member.is_ready = True
            case Begun():
                assert member.job is not None
                self.listener.started(member.job)
            case Advanced(key, step, steps):
                self.listener.advanced(key, step, steps)
            case Noticed(key, text):
                self.listener.noticed(key, text)
            case Ended(key, tried):
                member.job = None
                yield key, tried
            case Broken(error):
                raise error

    def _lost(self, number: int) -> Iterator[tuple[JobKey, Tried]]:
        """A worker has died: its job failed, and whoever is given the next one takes its place."""
        member = self.members.pop(number)
        how, reason = member.ended_by()
        self.store.sweep()
        if member.job is None:
            return
        if not member.is_ready:
            self._do_without(f"a worker process {how} before it could begin{reason}", member.job.key)
            yield member.job.key, Tried(how="plan again")
            return
        known = self.store.known((member.job.key,)).get(member.job.key)
        if known is not None and known.serves(member.job.job):
            yield member.job.key, Tried(how="done elsewhere")  # it died when all was done
        else:
            lost = WorkerLost(f"the process that did it {how}{reason}")
            failure = self.store.failures.record(member.job, str(lost), lost)
            yield member.job.key, Tried(how="failed", failure=failure, is_certain=False)

    def _do_without(self, sentence: str, key: JobKey) -> None:
        """A worker cannot begin: there may be no room for it beside the others."""
        if not self.members:
            raise NoWorkers(sentence)
        self.size = len(self.members)
        self.listener.noticed(key, f"{sentence}; going on with {self.size}")

    def _start(self) -> Member:
        number = next(number for number in range(len(self.equip)) if number not in self.members)
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work,
            args=(theirs, self.equip[number], self.store.folder.absolute()),
            name=f"ticketrun worker {number + 1}",
            daemon=True,
        )
        with _born_with(OMP_NUM_THREADS=str(self.threads), RAYON_NUM_THREADS=str(self.threads)):
            process.start()
        theirs.close()
        self.members[number] = Member(process, ours)
        return self.members[number]

    def _let_go(self, *, is_done: bool) -> None:
        """Have all workers end: at once where they are idle, else after they have put things away."""
        for member in self.members.values():
            if not is_done or not member.is_ready:
                member.process.terminate()
            member.connection.close()
        last = time.monotonic() + GRACE
        for member in self.members.values():
            member.process.join(max(0.0, last - time.monotonic()))
        self._kill()

    def _kill(self) -> None:
        """End whoever is still there, and put away what they could not."""
        stubborn = [member.process for member in self.members.values() if member.process.is_alive()]
        for process in stubborn:
            process.kill()
        for process in stubborn:
            process.join()
        self.members.clear()
        if stubborn:
            self.store.sweep()


@contextmanager
def _born_with(**environment: str) -> Iterator[None]:
    """Processes that are started in the block see this environment, and never a Ctrl-C: their parent deals with it."""
    resource_tracker.ensure_running()  # which unblocks signals when it starts its own process
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in environment}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
