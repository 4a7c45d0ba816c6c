"""What workers begin with in tests: jobs of no time, some of which die, fail or last, as notes in a folder say."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handmade import Bench, perform

from runtime.progress import Listener
from runtime.schedulers.hand import Perform
from runtime.store import Artifact, Outcome, Store
from ticketlang.jobs import AnyJob, DrawMask, JobKey


def equip(notes: Path, listener: Listener) -> tuple[Perform[Bench], Bench]:
    """Jobs are noted in a folder; and before they are done, what the notes ask for happens to them."""

    def do(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Bench, folder: Path) -> Outcome:
        assert isinstance(job, DrawMask)
        with (notes / "done").open("a") as file:
            file.write(f"{job.seed} {os.getpid()} {os.environ['OMP_NUM_THREADS']}\n")
        (folder / "half.bin").write_bytes(b"half")
        listener.advanced(key, 1, 2)
        asked = notes / str(job.seed)
        if asked.exists():
            happen(asked)
        (folder / "half.bin").unlink()
        return perform(job, key, inputs, workshop, folder)

    return do, Bench()


def happen(asked: Path) -> None:
    match asked.read_text().split():
        case ["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["die", "once"]:
            asked.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        case ["die", "late"]:
            publish = Store.publish

            def publish_and_die(store: Store, *given: Any) -> Artifact:
                publish(store, *given)
                os.kill(os.getpid(), signal.SIGKILL)
                raise AssertionError("it is dead")

            setattr(Store, "publish", publish_and_die)  # noqa: B010  # mypy takes no method for another
        case ["linger"]:
            publish = Store.publish

            def publish_and_linger(store: Store, *given: Any) -> Artifact:
                published = publish(store, *given)
                asked.unlink()  # by which others know
                time.sleep(2.0)
                return published

            setattr(Store, "publish", publish_and_linger)  # noqa: B010  # as above
        case ["fail"]:
            raise OSError("the network is down")
        case ["stubborn"]:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            time.sleep(600)
        case ["sleep", seconds]:
            time.sleep(float(seconds))


def late(notes: Path, listener: Listener) -> tuple[Perform[Bench], Bench]:
    """A worker for which there is no room once another one works."""
    while not (notes / "done").exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it is dead")


def broken(notes: Path, listener: Listener) -> tuple[Perform[Bench], Bench]:
    """A worker that cannot even begin."""
    os._exit(7)


def tried(notes: Path) -> list[tuple[int, int]]:
    """Which jobs were begun, by their seeds, and by which process."""
    lines = [line.split() for line in (notes / "done").read_text().splitlines()]
    return [(int(seed), int(pid)) for seed, pid, _ in lines]
