"""One job after the other, in this process."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic

from attrs import define, field

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan, PlannedJob

from ..progress import Listener
from ..store import Store
from . import run as running
from .hand import Hand, Perform, Tried, W
from .interruption import Stop
from .ran import Ran, Terms

__all__ = ["Ran", "run"]


def run(
    plan_again: Callable[[], Plan],
    store: Store,
    perform: Perform[W],
    workshop: W,
    listener: Listener,
    terms: Terms | None = None,
) -> Ran:
    """Do what a plan asks for in this process. See `schedulers.run.run`.

    Args:
        perform: does a job, and writes its tensors into the folder it is given, which is published when it returns.
    """
    return running.run(plan_again, store, Here(Hand(store, perform, workshop, listener)), listener, terms)


@define
class Here(Generic[W]):
    """This process: a job is done while it is given."""

    hand: Hand[W]
    ended: list[tuple[JobKey, Tried]] = field(factory=list)
    are_several: bool = False

    def __enter__(self) -> "Here[W]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def listen_to(self, stop: Stop) -> None:
        self.hand.listen_to(stop)

    def free(self) -> int:
        return 0 if self.ended else 1

    def give(self, job: PlannedJob, study: str) -> None:
        self.ended.append((job.key, self.hand.try_(job, study)))

    def results(self, patience: float | None) -> Iterator[tuple[JobKey, Tried]]:
        while self.ended:
            yield self.ended.pop(0)
