"""A training between two of its steps: all that the rest of it is a function of, and who keeps it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attrs import frozen
from torch import Tensor


@frozen(kw_only=True)
class Moment:
    """A job on its way. Order, schedule, dropout and hidden words are functions of the step, and so not in it."""

    step: int  # steps done, of this job
    steps: int  # in all
    facts: Mapping[str, Any]  # as JSON has them
    tensors: Mapping[str, Tensor]  # by names of one's own; those of the job itself, not copies, on any device


class Keeper(Protocol):
    """Keeps moments of one training, so that a later try can go on from them."""

    def found(self) -> Moment | None:
        """What an earlier try has left; None: nothing, or nothing that can be used."""

    def watch(self, moment: Callable[[], Moment | None]) -> None:
        """How to take a moment out. It gives None where the job is in the middle of something."""

    def passed(self) -> None:
        """A step is over: now is the time to keep a moment, if one is due. May raise, where the run is to end."""


class Forgetful:
    """Keeps nothing."""

    def found(self) -> None:
        return

    def watch(self, moment: Callable[[], Moment | None]) -> None:
        pass

    def passed(self) -> None:
        pass
