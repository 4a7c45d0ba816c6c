"""Ctrl-C, SIGTERM and SIGKILL, as those meet them who run studies: what was computed is kept, inside a job too."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree

import pytest
from desk import ENVIRONMENT, SPEC, Desk

from runtime.store import Disk
from runtime.store.checkpoints import Checkpoints
from runtime.store.layout import Layout
from ticketlang.jobs import JobKey

LONG = re.sub(r"train 2 epochs", "train 100 steps", SPEC[: SPEC.index("study small")]) + (
    """
study long {
  model folder "model"
  seeds 1

  ticket imp {
    source warm, same
    prune magnitude global of encoder
    sparsity 50% of original
  }
}
"""
)
GRACE = 5.0  # seconds in which an interrupted run ends
LOADED = 4.0  # times as long, where other processes want the same cores


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    desk = Desk(copytree(world, tmp_path_factory.mktemp("undisturbed") / "desk"))
    desk.write(LONG, "long.ticket")
    assert desk.ticketrun("run", "long.ticket", "--workers", "1").status == 0
    return desk.artifacts()


def stop(desk: Desk, by: signal.Signals, *words: str, again: bool = False) -> tuple[int, str, float]:
    """Run the study, send a signal in the middle of its first training, and say how and how fast it ended."""
    command = [sys.executable, "-m", "ticketlang", "run", "long.ticket", "--checkpoint", "0.1", *words]
    with subprocess.Popen(
        command, cwd=desk.folder, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        last = time.monotonic() + 120
        while not list(desk.folder.glob(".ticketlang/checkpoints/*/training.json")):
            assert process.poll() is None
            assert time.monotonic() < last
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(by)
        if again:
            process.send_signal(by)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said, time.monotonic() - began


CASES = [
    (signal.SIGINT, 130, "1", False),
    (signal.SIGTERM, 143, "2", False),
    (signal.SIGINT, 130, "1", True),
]


@pytest.mark.parametrize(("by", "status", "workers", "again"), CASES)
def test_an_interrupted_training_goes_on_where_it_stood(
    desk: Desk, undisturbed: dict[str, bytes], by: signal.Signals, status: int, workers: str, again: bool
) -> None:
    desk.write(LONG, "long.ticket")
    ended, said, seconds = stop(desk, by, "--workers", workers, again=again)

    assert ended == status, said
    assert seconds < GRACE * LOADED
    assert "Traceback" not in said
    if not again:
        assert "Interrupted after 0 jobs in" in said
        assert re.search(r"Interrupted .*\n\nNext\n", said)
        assert f" run long.ticket --workers {workers} " in said.splitlines()[-1]  # how to go on
    kept = Checkpoints(Layout(desk.folder / ".ticketlang"), Disk())
    standing = kept.standing([JobKey(folder.name) for folder in kept.layout.checkpoints.iterdir()])
    assert all(0 < stands.step < 100 == stands.steps for stands in standing.values())
    shown = desk.ticketrun("status", "long.ticket").out
    for stands in standing.values():
        assert f"stands at step {stands.step} of 100" in shown

    assert desk.ticketrun("run", "long.ticket", "--workers", "1").status == 0
    assert desk.artifacts() == undisturbed
    assert not list(kept.layout.checkpoints.iterdir())
    resumed = [re.findall(r'"resumed": \[\s*(\d+)', path.read_text()) for path in desk.folder.rglob("provenance.json")]
    assert sorted(int(step) for steps in resumed for step in steps) == sorted(s.step for s in standing.values())
