"""Training stacks as processes: one, or several that go on together from their first step."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from attrs import define, frozen

HERE = Path(__file__).parent
APART = " apart"  # in the name of a stack: several trainings at once, each of one thread
LONGEST = 1800  # seconds that a process may take


@frozen(kw_only=True)
class Ran:
    """What one stack did in a round: one process, or several at once."""

    seconds: Sequence[Sequence[float]]  # of every step but the first, by process
    memory: float  # MiB, of all processes

    @property
    def speed(self) -> float:
        """Batches a second, of all processes."""
        return sum(1 / median(steps) for steps in self.seconds)


def run(name: str, folder: Path, threads: int) -> Ran:
    """Let a stack train, in as many processes as it is to have; all go on from their first step together."""
    processes = threads if name.endswith(APART) else 1
    with ExitStack() as ending:
        running = [ending.enter_context(started(name, folder, threads // processes, "time")) for _ in range(processes)]
        for process in running:
            process.wait_for("ready")
        for process in running:
            process.tell("go")
        results = [json.loads(process.said()) for process in running]
    return Ran(seconds=[found["seconds"] for found in results], memory=sum(found["MiB"] for found in results))


@define
class Stack:
    """A process that trains. What it complains of goes to a file, so that it never waits for a reader."""

    name: str
    process: "subprocess.Popen[str]"
    complaints: Path

    def wait_for(self, word: str) -> None:
        assert self.process.stdout is not None
        while (line := self.process.stdout.readline()) != f"{word}\n":
            if not line:
                self.said()
                raise SystemExit(f"{self.name} ended without saying `{word}`")

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def said(self) -> str:
        """Its last line, once it has ended."""
        printed, _ = self.process.communicate(timeout=LONGEST)
        if self.process.returncode:
            raise SystemExit(f"{self.name} failed:\n{self.complaints.read_text()}")
        return printed.splitlines()[-1] if printed else ""


@contextmanager
def started(name: str, folder: Path, threads: int, way: str) -> Iterator[Stack]:
    environment = {
        **os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(HERE.parent), "HF_HUB_OFFLINE": "1"
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", str(HERE / "stacks.py"), name.removesuffix(APART), str(folder), way]
    pipe = subprocess.PIPE
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as complaints:
        process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=complaints, text=True)
        try:
            yield Stack(name, process, Path(complaints.name))
        finally:
            process.kill()
            process.wait()
