"""What a run is asked to do beside its plan, and how it ended."""

import signal

from attrs import frozen

from ..store import Failure


@frozen(kw_only=True)
class Terms:
    """How a run takes failures, and what it keeps."""

    retries: int = 0  # tries beyond the first of a job that failed by accident
    fails_fast: bool = False  # begin nothing new after a failure
    drops_states: bool = False  # weights of trainings go as soon as no job of the plan begins with them or prunes them


@frozen(kw_only=True)
class Ran:
    """The jobs of one run, counted."""

    done: int
    failed: int
    waiting: int  # not tried, since something they depend on failed, or since the run was interrupted
    failures: tuple[Failure, ...] = ()  # what failed, and where the logs are
    interrupted: signal.Signals | None = None  # the signal that ended the run early
