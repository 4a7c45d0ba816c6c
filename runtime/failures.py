"""Why a job failed: one sentence each, recorded in the store and shown to people."""

from pathlib import Path


class JobFailed(Exception):  # noqa: N818  # its name says what happened
    """A job could not be done. Its text is one sentence: what was wrong, and the way out where there is one."""


class BrokenInvariant(JobFailed):
    """A run turned out not to be what it claims to be. The fault is in this program, so the job fails loudly."""


class FilesChanged(JobFailed):
    """What a study reads is no longer what its plan was made from."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)

    def __str__(self) -> str:
        return f"the files in {self.args[0]} have changed since the plan was made; run the study again to plan anew"


class ExchangeError(Exception):
    """A ticket cannot be written or read: something else was meant. In one sentence for the user."""


class UnwritableError(ExchangeError):
    """The disk refuses to take a ticket."""


class NoSuchDevice(ValueError):  # noqa: N818  # as above
    """The device that was asked for is not there, or not one that this program computes on."""


class NoWorkers(Exception):  # noqa: N818  # as above
    """Worker processes end before they have done anything, in one sentence for the user."""


class NoPort(Exception):  # noqa: N818  # as above
    """A page cannot be served where it was asked for, in one sentence for the user."""


class NoTracker(Exception):  # noqa: N818  # as above
    """An experiment tracker is asked for that is not there, in one sentence for the user."""


class WorkerLost(Exception):  # noqa: N818  # as above
    """The process that did a job is gone. No fault of the job, so another try may do it."""


class TrainingDiverged(JobFailed):
    """Loss or gradients are no longer finite."""

    def __init__(self, what: str, step: int, rate: float, batch: tuple[int, ...]) -> None:
        self.step, self.rate, self.batch = step, rate, batch
        shown = ", ".join(map(str, batch[:8])) + (", ..." if len(batch) > 8 else "")
        super().__init__(
            f"the {what} was not finite at step {step}, at a learning rate of {rate:g},"
            f" on the training examples {shown}; a lower rate or a longer warm-up may help"
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are rebuilt from their arguments when they cross processes, and ours are not their text.
        return (_diverged_again, (self.args[0], self.step, self.rate, self.batch))


def _diverged_again(text: str, step: int, rate: float, batch: tuple[int, ...]) -> TrainingDiverged:
    again = TrainingDiverged("loss", step, rate, batch)
    again.args = (text,)
    return again
