"""Checkpoints of a job while it is done: when one is due, how it is taken, and what an earlier try has left.

Tensors are copied between two steps, straight into the bytes of the file to be, and written by a thread: a training
waits for the copy alone. Nothing that goes wrong here fails a job; it may only cost the time that a checkpoint saves.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any, Protocol

import numpy as np
import torch
from attrs import define, evolve, field
from numpy.typing import NDArray
from torch import Tensor

from ticketlang.jobs import JobKey

from .progress import Listener
from .schedulers.interruption import Interruption, Stop
from .store.checkpoints import Checkpoints, Standing, UnusableError, whole_environment
from .store.disk import StoreError
from .store.provenance import Environment
from .tensors import blank_file
from .training.moment import Moment
from .training.seeds import drawn_before, drawn_so_far

SLACK = 16  # a checkpoint grows by less than this part of it: by rates, and by a mask that a training comes to have


class Aside(Protocol):
    """What a job has come to beside its training."""

    def state(self) -> Any:
        """As JSON has it, and not to be changed later."""

    def put_back_(self, state: Any) -> None:
        """Be as it was then."""


@define
class Room:
    """Memory that is used again: the system takes far longer to find new one than to copy into it."""

    bytes: NDArray[np.uint8] = field(factory=lambda: np.empty(0, dtype=np.uint8))

    def of(self, size: int) -> NDArray[np.uint8]:
        if len(self.bytes) < size:
            self.bytes = np.empty(size + size // SLACK, dtype=np.uint8)
        return self.bytes


@define(eq=False)
class CheckpointKeeper:
    """Keeps the moments of one part of a job."""

    key: JobKey
    name: str  # of the part
    checkpoints: Checkpoints
    environment: Environment
    listener: Listener
    stop: Stop
    aside: Aside | None = None
    moment: Callable[[], Moment | None] = lambda: None
    begun: float = field(factory=time.monotonic)
    room: Room = field(factory=Room)
    kept: int = 0  # steps done when a moment was last taken, or found
    writing: Thread | None = None
    trouble: str | None = None  # why the last one could not be written
    is_told: bool = False  # of such a trouble

    def found(self) -> Moment | None:
        """See `training.moment.Keeper`."""
        try:
            found = self.checkpoints.read(self.key, self.name, self.environment)
            if found is None:
                return None
            # Before anything is made of it: what cannot be noted would be a result that hides where it comes from.
            self.checkpoints.resumes(self.key, found.standing.step)
        except (UnusableError, StoreError) as problem:
            self._drop(f"its checkpoint {problem}")
            return None
        facts = dict(found.facts)
        aside = facts.pop("aside")
        drawn_before(facts.pop("seeds"))
        if self.aside is not None:
            self.aside.put_back_(aside)
        self.kept = found.standing.step
        # Copies, since files that are mapped into memory are not to be written to.
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in found.tensors.items()}
        return Moment(step=found.standing.step, steps=found.standing.steps, facts=facts, tensors=tensors)

    def watch(self, moment: Callable[[], Moment | None]) -> None:
        """See `training.moment.Keeper`."""
        self.moment = moment

    def passed(self) -> None:
        """See `training.moment.Keeper`."""
        if self.stop.by is not None:
            self.rescue()
            self.stop.check()
        self._tell()
        if time.monotonic() - self.begun >= self.checkpoints.every and not self._is_writing():
            self.begun = time.monotonic()
            self._keep(None if self.checkpoints.every == 0 else 0.0)

    def rescue(self) -> None:
        """Keep what there is now, as far as there is time for it: the run ends."""
        self.stop.heed()
        if self.writing is not None:
            self.writing.join(self.stop.left())
        if not self._is_writing():
            self._keep(self.stop.left())
        self._tell()

    def close(self) -> None:
        """Wait for what is being written."""
        if self.writing is not None:
            self.writing.join()

    def _keep(self, patience: float | None) -> None:
        """Take a moment, and have it written.

        Args:
            patience: seconds to wait until it is, while others can write on; None: write it here and now.
        """
        moment = self.moment()
        if moment is None or moment.step == self.kept:
            return
        image = image_of(moment.tensors, self.room)
        aside = None if self.aside is None else self.aside.state()
        facts = {**moment.facts, "aside": aside, "seeds": drawn_so_far()}
        standing = Standing(step=moment.step, steps=moment.steps)
        if patience is None:
            self._write(standing, facts, image)
            return
        self.writing = Thread(target=self._write, args=(standing, facts, image), name="checkpoint", daemon=True)
        self.writing.start()
        self.writing.join(patience)

    def _write(self, standing: Standing, facts: Any, image: memoryview) -> None:
        try:
            self.checkpoints.write(self.key, self.name, standing, facts, image, self.environment)
            self.kept = standing.step
        except (StoreError, OSError) as problem:
            self.trouble = str(problem)

    def _is_writing(self) -> bool:
        return self.writing is not None and self.writing.is_alive()

    def _tell(self) -> None:
        """Say once that nothing can be kept."""
        if self.trouble is not None and not self.is_told:
            self.is_told = True
            self.listener.noticed(
                self.key, f"no checkpoint can be written, and the job goes on without: {self.trouble}"
            )

    def _drop(self, sentence: str) -> None:
        self.listener.noticed(self.key, f"{sentence}; the job begins anew")
        try:
            self.checkpoints.forget(self.key)
        except StoreError as problem:
            self.trouble = str(problem)


@define(eq=False)
class Keepers:
    """What a process needs to keep moments of its jobs."""

    checkpoints: Checkpoints | None  # None: nothing is kept
    listener: Listener
    device: torch.device
    stop: Stop = field(factory=Stop)
    at_work: CheckpointKeeper | None = None  # of the job that is being done

    def of(self, key: JobKey, name: str, aside: Aside | None = None, **form: object) -> CheckpointKeeper | None:
        """A keeper for a part of a job.

        Args:
            name: of the part, another one for each of a job.
            aside: what belongs to its moments and is not in them.
            form: what else a checkpoint must have been written with, and is not in the key.
        """
        if self.checkpoints is None:
            return None
        environment = whole_environment(self.device)
        versions = {**environment.versions, **{name: str(value) for name, value in form.items()}}
        self.at_work = CheckpointKeeper(
            key, name, self.checkpoints, evolve(environment, versions=versions), self.listener, self.stop, aside
        )
        return self.at_work

    @contextmanager
    def at_their_work(self) -> Iterator[None]:
        """While a job is done: what it has in memory is kept if an interruption ends it, wherever it strikes."""
        try:
            yield
        except Interruption:
            if self.at_work is not None:
                self.at_work.rescue()
            raise
        except Exception:
            self._close()  # nobody else may write to its folder once the claim is gone
            raise
        else:
            self._close()
        finally:
            self.at_work = None

    def _close(self) -> None:
        if self.at_work is not None:
            self.at_work.close()


def image_of(tensors: Mapping[str, Tensor], room: Room) -> memoryview:
    """The bytes of a safetensors file: a copy of the tensors, wherever they are."""
    types = {name: (np.dtype(str(t.dtype).removeprefix("torch.")), tuple(t.shape)) for name, t in tensors.items()}
    image, places = blank_file(types, room.of)
    with torch.no_grad():
        for name, place in places.items():
            torch.from_numpy(place).copy_(tensors[name])
    return image
