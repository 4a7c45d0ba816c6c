"""Ctrl-C and SIGTERM as one exception, raised where the run stands, so that what was staged can be put away."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

from attrs import define

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Interruption(BaseException):
    """The user, or the machine, wants this run to end. It is no error, and `except Exception` lets it pass."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(by.name)
        self.by = by


@define
class Stop:
    """Whether a signal came. Libraries swallow an exception that strikes inside them, or make another one of it."""

    by: signal.Signals | None = None

    def check(self, cause: BaseException | None = None) -> None:
        """Raises `Interruption` again, if there was a signal."""
        if self.by is not None:
            raise Interruption(self.by) from cause


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
        stop.by = signal.Signals(number)
        raise Interruption(stop.by)

    before = {each: signal.getsignal(each) for each in STOPPING}
    for each in STOPPING:
        signal.signal(each, strike)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
