"""Ctrl-C and SIGTERM as one exception, raised where the run stands, so that what was staged can be put away."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Interruption(BaseException):
    """The user, or the machine, wants this run to end. It is no error, and `except Exception` lets it pass."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(by.name)
        self.by = by


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside the block the first SIGINT or SIGTERM raises `Interruption`; a second one does what it did before.

    Only the main thread is told of signals: in any other the block changes nothing.
    """
    if current_thread() is not main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        raise Interruption(signal.Signals(number))

    before = {each: signal.getsignal(each) for each in STOPPING}
    for each in STOPPING:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
