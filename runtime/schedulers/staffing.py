"""How many workers a run has, and what each computes with, where nobody has said it."""

import os
from collections import Counter

from attrs import frozen

from ticketlang.jobs import FineTune, Interpolate, JobKey, ReachRewindPoint, inputs_of
from ticketlang.plan import Plan

from .machine import Glance, free_cores, free_memory, graphics_processors

TORCH = 700 << 20  # bytes that a worker needs before it has a model
LARGE = 50 << 20  # bytes of weights: networks of fewer gain nothing from a second thread
# Of the weights: parameters, gradients, two moments, the pre-trained ones, what is read and compared; and what is kept.
COPIES = 8 + 3
TRAININGS = FineTune | ReachRewindPoint | Interpolate


@frozen(kw_only=True)
class Staff:
    """The workers of a run."""

    devices: tuple[str, ...]  # one for each worker
    threads: int  # of each
    idle: int = 0  # cores that none of them uses, and more threads would

    @property
    def workers(self) -> int:
        return len(self.devices)

    def __str__(self) -> str:
        """`2 workers of 1 thread each`."""
        workers = f"{self.workers} worker{'s' * (self.workers != 1)}"
        threads = f"{self.threads} thread{'s' * (self.threads != 1)}"
        return f"{workers} of {threads}{' each' * (self.workers != 1)}"


def staff(
    plan: Plan,
    since: Glance,
    weights: int,
    device: str = "auto",
    workers: int | None = None,
    threads: int | None = None,
) -> Staff:
    """Whom a plan can employ on this machine.

    A thread beside more busy ones than there are cores waits for them at every product: two that compete for a core
    are ten times slower than one. So each worker has one thread unless somebody says otherwise; that makes digits
    independent of the machine's cores, too.

    Args:
        since: a glance at the cores before now.
        weights: bytes of the model's files.
        workers, threads: as somebody has said; None: nobody has.
    """
    threads = threads or _threads_said() or 1
    graphics = graphics_processors() if device in {"auto", "cuda"} else int(device.startswith("cuda"))
    cores = 0 if graphics else free_cores(since)
    if workers is None:
        workers = max(1, min(graphics or cores // threads, _at_once(plan), *_that_fit(weights)))
    devices = tuple(
        f"cuda:{n % graphics}" if device in {"auto", "cuda"} and graphics > 1 else device for n in range(workers)
    )
    idle = max(0, cores - workers * threads) if weights >= LARGE else 0
    return Staff(devices=devices, threads=threads, idle=idle)


def _threads_said() -> int | None:
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) else None


def _that_fit(weights: int) -> tuple[int, ...]:
    memory = free_memory()
    return () if memory is None else (memory // (TORCH + COPIES * weights),)


def _at_once(plan: Plan) -> int:
    """Trainings that can go at once, when all begin as soon as their inputs are there and all take equally long."""
    before: dict[JobKey, int] = {}
    by_depth: Counter[int] = Counter()
    for job in plan.to_run:
        depth = max((before[key] for key in inputs_of(job.job) if key in before), default=0)
        is_training = isinstance(job.job, TRAININGS)
        before[job.key] = depth + is_training
        by_depth[depth] += is_training
    return max(by_depth.values(), default=1)
