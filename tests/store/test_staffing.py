"""How many workers a run has: no more than cores, memory and work, and as many as somebody says."""

import os
import time
from pathlib import Path

import pytest
from handmade import DENSE, draw, plan, plan_of_jobs, study, ticket

from runtime.schedulers import containers, machine, staffing
from runtime.schedulers.machine import Glance, free_cores, free_memory, graphics_processors
from runtime.schedulers.staffing import Staff, staff
from ticketlang.plan import Plan

GIB = 1 << 30


def wide() -> Plan:
    """Six trainings that wait for nothing, each at the head of a chain of three."""
    return plan(study(ticket("a", 30, 50), ticket("b", 30, 50), baselines=(DENSE,), seeds=3))


@pytest.fixture
def large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffing, "free_cores", lambda since: 16)
    monkeypatch.setattr(staffing, "free_memory", lambda: 100 * GIB)
    monkeypatch.setattr(staffing, "graphics_processors", lambda: 0)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def staffed(of: Plan, weights: int = 0, **said: object) -> Staff:
    return staff(of, Glance(), weights, **said)  # type: ignore[arg-type]  # whatever a test says


@pytest.mark.usefixtures("large_machine")
def test_there_are_no_more_workers_than_jobs_that_can_go_at_once() -> None:
    assert staffed(wide()).workers == 6
    assert staffed(plan_of_jobs(draw(1), draw(2))).workers == 1  # masks are drawn in no time
    assert str(staffed(wide())) == "6 workers of 1 thread each"


@pytest.mark.usefixtures("large_machine")
def test_what_somebody_says_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert staffed(wide(), workers=40, threads=3) == Staff(devices=("auto",) * 40, threads=3)
    assert staffed(wide(), threads=8).workers == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert staffed(wide()) == Staff(devices=("auto",) * 4, threads=4)


@pytest.mark.usefixtures("large_machine")
def test_large_networks_need_memory_and_could_use_idle_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    base = 440 << 20  # bytes of a BERT-base
    assert staffed(wide(), base).idle == 10
    assert staffed(wide(), 1 << 20).idle == 0
    monkeypatch.setattr(staffing, "free_memory", lambda: 16 * GIB)
    assert staffed(wide(), base).workers == 2  # of 5.5 GiB each, eleven times the weights and torch
    monkeypatch.setattr(staffing, "free_memory", lambda: GIB)
    assert staffed(wide(), base).workers == 1


@pytest.mark.usefixtures("large_machine")
def test_workers_spread_over_graphics_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffing, "graphics_processors", lambda: 2)
    assert staffed(wide()).devices == ("cuda:0", "cuda:1")
    assert staffed(wide(), workers=3).devices == ("cuda:0", "cuda:1", "cuda:0")
    assert staffed(wide(), device="cuda:1", workers=2).devices == ("cuda:1", "cuda:1")
    assert staffed(wide(), device="cpu").workers == 6
    monkeypatch.setattr(staffing, "graphics_processors", lambda: 1)
    assert staffed(wide(), workers=4).devices == ("auto",) * 4  # several on the one there is


def test_cores_that_others_use_are_not_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from the system's own count; that of processes which step back counts for those alone that do so, too."""
    stat = tmp_path / "stat"
    monkeypatch.setattr(machine, "STAT", stat)
    monkeypatch.setattr(machine, "SHORTEST", 0.0)
    monkeypatch.setattr(containers, "ROOT", tmp_path / "none")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    tick = os.sysconf("SC_CLK_TCK")

    def free(busy: float, niced: float, nice: int) -> int:
        """Cores that are free when others used so many, over ten seconds."""
        monkeypatch.setattr(os, "nice", lambda _: nice)
        monkeypatch.setattr(os, "times", lambda: (0.0,) * 5)
        stat.write_text("cpu 1000 1000 0 90000 0 0 0 0 0 0\n")
        since = Glance(clock=time.monotonic() - 10)
        stat.write_text(f"cpu {1000 + busy * 10 * tick:.0f} {1000 + niced * 10 * tick:.0f} 0 95000 0 0 0 0 0 0\n")
        return free_cores(since)

    assert free(0, 0, nice=0) == 6
    assert free(4, 0, nice=0) == 4
    assert free(4, 3, nice=0) == 4
    assert free(4, 3, nice=5) == 1
    assert free(8, 0, nice=0) == 1


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of that of control groups, and this process in `/pod/us` of it."""
    (tmp_path / "cgroup").write_text("4:cpu,cpuacct:/pod/us\n3:memory:/pod/us\n1:name=systemd:/else\n0::/pod/us\n")
    monkeypatch.setattr(containers, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(containers, "ROOT", tmp_path / "groups")
    return tmp_path / "groups"


def write(folder: Path, **files: object) -> None:
    """Files whose names have a dot for the first `__`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".", 1)).write_text(f"{text}\n")


def test_a_container_has_the_memory_that_its_groups_leave(
    groups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both versions of control groups, the closest limit of all that they lie in, files that are kept aside."""
    (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {100 * GIB // 1024} kB\n")
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "meminfo")
    assert free_memory() == 100 * GIB
    write(groups, memory__max="max", memory__current=7)
    assert free_memory() == 100 * GIB
    stat = f"anon 5\ninactive_file {GIB}"
    write(groups / "pod", memory__max=9 * GIB, memory__current=3 * GIB, memory__stat=stat)
    assert free_memory() == 7 * GIB
    write(groups / "pod" / "us", memory__max=4 * GIB, memory__current=3 * GIB)
    assert free_memory() == GIB
    write(groups / "memory", memory__limit_in_bytes=(1 << 63) - 4096, memory__usage_in_bytes=3 * GIB)
    assert free_memory() == GIB
    write(groups / "memory" / "pod" / "us", memory__limit_in_bytes=GIB, memory__usage_in_bytes=GIB // 2)
    assert free_memory() == GIB // 2
    write(groups / "memory" / "pod" / "us", memory__usage_in_bytes=2 * GIB)
    assert free_memory() == 0
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "none")
    monkeypatch.setattr(containers, "ROOT", tmp_path / "none")
    assert free_memory() is None


def test_a_quota_counts(groups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "STAT", tmp_path / "none")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    for text, cores in (("max 100000\n", 6), ("250000 100000\n", 2), ("50000 100000\n", 1)):
        write(groups / "pod", cpu__max=text)
        assert free_cores(Glance(clock=0.0)) == cores
    write(groups / "pod", cpu__max="max 100000")
    write(groups / "cpu" / "pod" / "us", cpu__cfs_quota_us=-1, cpu__cfs_period_us=100000)
    assert free_cores(Glance(clock=0.0)) == 6
    write(groups / "cpu" / "pod" / "us", cpu__cfs_quota_us=390000)
    assert free_cores(Glance(clock=0.0)) == 3


def test_this_machine_can_be_asked() -> None:
    memory = free_memory()
    assert memory is None or memory > 0
    assert graphics_processors() >= 0
    assert 1 <= free_cores(Glance()) <= (os.cpu_count() or 1)
