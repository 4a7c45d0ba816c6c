"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Let Ctrl-C mean something to the programs that tests start, also where whoever began the tests ignores it.

    A shell lets what it runs in the background ignore the signal, and so do all processes that come of that.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
