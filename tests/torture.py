"""A small study of every kind of job is hurt in many ways, and ends in the bytes of one that nobody touched.

    python tests/torture.py --kills 50 --seed 1

Each torture is a function of a `Victim` in `TORTURES`, with how often it strikes unless the command line says it; it
returns one sentence of figures, and raises AssertionError where something was lost.
"""

import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory

import numpy as np
import torch
from attrs import frozen
from small_world import make_data, make_model
from studies import EVERY_KIND

from runtime.masks import write_mask
from ticketlang.cli import main as ticketrun
from ticketlang.jobs import KINDS

SPEC = (
    EVERY_KIND
    + """
task count {
  kind score pair
  data files "count/{split}.jsonl"
  text one, two
  label label
  metric pearson, spearman
  train 1 epoch
  batch 16 examples
  rate 2e-3 linear
  length 24 tokens
}

arm turned {
  mask inverted of ticket
  weights of ticket
}

study tortured {
  model folder "model"
  seeds 1

  ticket imp {
    source text + warm
    prune magnitude global of encoder + pooler
    sparsity 30%, 60% of original
    rewind 20% of training
  }
  ticket pulled {
    source spans
    prune movement global of encoder
    sparsity 50% of original
  }
  ticket sensed {
    source warm
    prune snip global of encoder over 2 batches
    sparsity 50% of original
  }
  ticket slowly {
    source warm
    prune gradual magnitude of encoder
    sparsity 70% of original
  }
  ticket given {
    source file "given.safetensors"
    prune magnitude of encoder
    sparsity 50% of original
  }

  baselines dense, random_mask, random_init, turned, gradual_run
  transfer imp at 60% to warm, count
  transfer given to text
  report mode_connectivity
}
"""
)

MEMORY = Path("/dev/shm")
LONGEST = 0.3  # of a whole study that passes before a kill, at most


@frozen
class Victim:
    """A folder with a study that can be run, and what it leaves when it is let alone."""

    folder: Path
    artifacts: Mapping[str, bytes]
    seconds: float  # of a run that was let alone, with a checkpoint after every step
    random: Random


def place() -> str | None:
    """Memory, where the system has folders in it: waiting for a medium after every step takes most of the time."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


def of_a_world(folder: Path) -> Path:
    """Write the model, the data and the spec."""
    make_model(folder / "model", has_head=True)
    make_data(folder)
    shapes = {"attention.self.query": (32, 32), "attention.self.key": (32, 32), "attention.self.value": (32, 32),
              "attention.output.dense": (32, 32), "intermediate.dense": (64, 32), "output.dense": (32, 64)}  # fmt: skip
    kept = {
        f"encoder.layer.{layer}.{name}.weight": np.indices(shape).sum(0) % 2 == 0
        for layer in (0, 1)
        for name, shape in shapes.items()
    }
    write_mask(folder / "given.safetensors", kept)
    (folder / "tortured.ticket").write_text(SPEC)
    return folder


def begin(folder: Path, *words: str) -> int:
    """Run the study in a process of its own, which has all it needs in memory. Returns its number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        out = os.open(folder / "said.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(folder)
        status = ticketrun(["run", "tortured.ticket", "--workers", "1", "--threads", "1", "--checkpoint", "0", *words])
        sys.stdout.flush()
    finally:
        os._exit(status)


def status_of(pid: int) -> int:
    """How a process ended: its status, or the negative number of a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def artifacts(folder: Path) -> dict[str, bytes]:
    """Every file of every result, but where and when it was made."""
    root = folder / ".ticketlang" / "artifacts"
    files = [file for file in root.rglob("*") if file.is_file() and file.name != "provenance.json"]
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def resumed(folder: Path) -> list[int]:
    """The steps after which jobs went on that were interrupted there."""
    found = [json.loads(path.read_text()) for path in (folder / ".ticketlang/artifacts").glob("*/provenance.json")]
    return [step for facts in found for step in facts["resumed"]]


def compare(victim: Victim, folder: Path) -> None:
    """Nothing is lost, nothing is other than it was, and nothing is left lying about."""
    found = artifacts(folder)
    said = (folder / "said.txt").read_text()
    assert found.keys() == victim.artifacts.keys(), f"{sorted(found.keys() ^ victim.artifacts.keys())} differ\n{said}"
    other = [name for name, content in found.items() if content != victim.artifacts[name]]
    assert not other, f"{other} are not the same bytes\n{said}"
    for name in ("staging", "claims", "checkpoints", "failures", "damaged"):
        left = list((folder / ".ticketlang" / name).iterdir())
        assert not left, f"{left} is left\n{said}"
    assert "Traceback" not in said, said


def kills(victim: Victim, count: int) -> str:
    """SIGKILL at random moments, then on to the end; studies that are done before all have struck are begun anew."""
    struck, studies, goes_on, inside = 0, 0, [], 0
    while struck < count:
        with TemporaryDirectory(dir=victim.folder.parent) as copy:
            folder = Path(copytree(victim.folder, Path(copy) / "study"))
            studies += 1
            while struck < count:
                pid = begin(folder)
                time.sleep(victim.random.uniform(0, LONGEST * victim.seconds))
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                ended = status_of(pid)
                if ended != -signal.SIGKILL:
                    assert ended == 0, (folder / "said.txt").read_text()
                    break
                struck += 1
                inside += any((folder / ".ticketlang" / "staging").glob("*"))
            ended = status_of(begin(folder))
            assert ended == 0, (folder / "said.txt").read_text()
            compare(victim, folder)
            goes_on += resumed(folder)
    return (
        f"{struck} kills survived by {studies} {'study' if studies == 1 else 'studies'}: {inside} struck inside a job,"
        f" {len(goes_on)} times a job went on from a checkpoint; all {len(victim.artifacts)} files are the same bytes"
    )


Torture = Callable[[Victim, int], str]
TORTURES: dict[str, tuple[Torture, int]] = {"kills": (kills, 50)}


def victim_of(folder: Path, seed: int) -> Victim:
    """Make a study, and run it once without any harm."""
    of_a_world(folder)
    alone = Path(copytree(folder, folder.with_name("alone")))
    began = time.monotonic()
    assert status_of(begin(alone)) == 0, (alone / "said.txt").read_text()
    seconds = time.monotonic() - began
    kinds = {json.loads(path.read_text())["settings"]["kind"] for path in alone.rglob("job.json")}
    assert kinds == {kind.kind for kind in KINDS}, f"a kind of job does not occur: {kinds}"
    return Victim(folder, artifacts(alone), seconds, Random(seed))


def tortures(asked: Mapping[str, int], seed: int) -> Iterator[str]:
    """Do what was asked for, so many times each, and say what came of it."""
    with TemporaryDirectory(prefix="torture-", dir=place()) as folder:
        victim = victim_of(Path(folder) / "study", seed)
        jobs = {name.partition("/")[0] for name in victim.artifacts}
        yield f"a study of {len(jobs)} jobs and every kind of them, {victim.seconds:.1f} s, seed {seed}"
        for name, count in asked.items():
            if count:
                began = time.monotonic()
                said = TORTURES[name][0](victim, count)
                yield f"{name}: {said} ({time.monotonic() - began:.0f} s)"


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    for name, (_, count) in TORTURES.items():
        parser.add_argument(f"--{name}", type=int, default=count, metavar="N", help=f"(default: {count})")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for said in tortures({name: getattr(args, name) for name in TORTURES}, args.seed):
        print(said, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
