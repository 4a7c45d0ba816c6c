"""Ctrl-C and SIGTERM as one exception, so that what was staged can be put away and what was computed is kept.

Outside of jobs it is raised where the run stands. A job is asked first: it ends the step it is at, keeps what it has
come to, and raises the exception itself. One that does not hear in time is struck where it stands, too.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from attrs import define

STOPPING = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 1.5  # seconds a job has to hear that it is to stop; a step of most trainings takes less
GRACE = 3.8  # seconds from the signal on in which a job may keep what it has: with all else, less than five


class Interruption(BaseException):
    """The user, or the machine, wants this run to end. It is no error, and `except Exception` lets it pass."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(by.name)
        self.by = by


@define
class Stop:
    """Whether a signal came. Libraries swallow an exception that strikes inside them, or make another one of it."""

    by: signal.Signals | None = None
    asked: float | None = None  # when it came
    patience: float | None = None  # seconds that whoever works now has to look here; None: he does not

    def check(self, cause: BaseException | None = None) -> None:
        """Raises `Interruption` again, if there was a signal."""
        if self.by is not None:
            raise Interruption(self.by) from cause

    def heed(self) -> None:
        """Say that the signal was heard: nobody is struck any more, and must raise the exception himself."""
        if self.patience is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def left(self) -> float:
        """Seconds in which something may still be kept."""
        return GRACE if self.asked is None else max(0.0, self.asked + GRACE - time.monotonic())

    def strike(self, by: signal.Signals) -> None:
        """There was a signal: raises `Interruption`, now or after some patience."""
        self.by, self.asked = by, time.monotonic()
        if self.patience is None:
            raise Interruption(by)
        signal.setitimer(signal.ITIMER_REAL, self.patience)

    @contextmanager
    def patiently(self, patience: float = PATIENCE) -> Iterator[None]:
        """Inside the block a signal is to be looked for with `check`. Only one that is not heard raises by itself."""
        if current_thread() is not main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, lambda number, frame: self.check())
        self.patience = patience
        try:
            yield
        finally:
            self.heed()
            self.patience = None
            signal.signal(signal.SIGALRM, before)


@contextmanager
def interruptible() -> Iterator[Stop]:
    """Inside the block the first SIGINT or SIGTERM raises `Interruption`; a second one does what it did before.

    Only the main thread is told of signals: in any other the block changes nothing.
    """
    stop = Stop()
    if current_thread() is not main_thread():
        yield stop
        return

    def strike(number: int, frame: FrameType | None) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        stop.strike(signal.Signals(number))

    before = {each: signal.getsignal(each) for each in STOPPING}
    for each in STOPPING:
        signal.signal(each, strike)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
