"""What control groups leave to this process: a container has less than the machine that it runs on.

A group lies in others, and each of them may have a limit: the closest counts. Both versions of the interface are read,
as the kernel's documentation (admin-guide/cgroup-v2 and cgroup-v1) describes them.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUPS, ROOT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
UNLIMITED = 1 << 60  # bytes: the first version says a number as large as there is where it sets no limit


def cores() -> Iterator[float]:
    """Cores' worth of time that each group has, where it is limited."""
    for folder in _folders("cpu"):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            allowed, every = (int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
            if allowed > 0:  # -1: as much as there is
                yield allowed / every


def memory_left() -> Iterator[int]:
    """Bytes that each group may still take, where it is limited. What it keeps of files alone it would give back."""
    names = (("memory.max", "memory.current", "inactive_file"),
             ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))  # fmt: skip
    for folder in _folders("memory"):
        for limit, usage, files in names:
            with suppress(OSError, ValueError):
                allowed, used = (int((folder / name).read_text()) for name in (limit, usage))
                if allowed < UNLIMITED:
                    yield allowed - used + _counted(folder / "memory.stat", files)


def _counted(stat: Path, name: str) -> int:
    with suppress(OSError, ValueError):
        for line in stat.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0


def _folders(controller: str) -> Iterator[Path]:
    """Those of the groups of this process, each with all that it lies in. A container may see its own as the root."""
    yield from (ROOT, ROOT / controller)
    with suppress(OSError):
        for line in GROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = ROOT / controller if controllers else ROOT
            parts = Path(path).parts[1:]
            yield from (root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1))
