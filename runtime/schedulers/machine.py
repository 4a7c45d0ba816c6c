"""What this machine has to spare: cores, memory, graphics processors. Read from the system, without torch."""

import ctypes
import os
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from attrs import Factory, frozen

from . import containers

SHORTEST = 0.25  # seconds over which it is watched how busy the cores are
STAT, MEMORY = Path("/proc/stat"), Path("/proc/meminfo")
BUSY = (0, 2, 5, 6, 7)  # columns of a line of /proc/stat: user, system, interrupts, and what a host steals
NICED = 1  # the column of processes that step back for others
COLUMNS = 8


@frozen
class Glance:
    """How long the cores have worked, for whom, since the machine was started."""

    clock: float = Factory(time.monotonic)
    all_busy: float | None = Factory(lambda: _busy())  # seconds of all cores; None: this system does not tell
    ours: float = Factory(lambda: sum(os.times()[:4]))  # of this process and its children


def free_cores(since: Glance) -> int:
    """Cores that nobody else uses and that this process may use: at least one.

    Args:
        since: taken some time ago; how busy others are is seen between then and now.
    """
    allowed = _allowed_cores()
    time.sleep(max(0.0, since.clock + SHORTEST - time.monotonic()))
    now = Glance()
    if now.all_busy is None or since.all_busy is None:
        return allowed
    others = (now.all_busy - since.all_busy - (now.ours - since.ours)) / (now.clock - since.clock)
    idle = round((os.cpu_count() or 1) - others)
    return max(1, min(allowed, idle))


def free_memory() -> int | None:
    """Bytes that can be had without swapping, of the machine and of the container; None: this system does not tell."""
    left = [*_available(), *containers.memory_left()]
    return max(0, min(left)) if left else None


def graphics_processors() -> int:
    """CUDA devices that this process may use, by the driver; none where torch was built without CUDA."""
    try:
        if "+cpu" in version("torch"):
            return 0
        driver = ctypes.CDLL("libcuda.so.1")
    except (PackageNotFoundError, OSError):
        return 0
    count = ctypes.c_int(0)
    is_there = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    return count.value if is_there else 0


def _available() -> tuple[int, ...]:
    with suppress(OSError, ValueError, IndexError):
        for line in MEMORY.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return (int(line.split()[1]) * 1024,)
    return ()


def _allowed_cores() -> int:
    """Cores that the system lets this process use: by its mask, and by the quota of its container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *map(int, containers.cores())]))


def _busy() -> float | None:
    """Seconds that cores have worked; of niced processes only if this is one of them."""
    try:
        first = STAT.read_text().partition("\n")[0].split()[1:]
        ticks = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
    if len(first) < COLUMNS:
        return None
    counted = (*BUSY, NICED) if os.nice(0) > 0 else BUSY
    return sum(int(first[column]) for column in counted) / ticks
