"""A folder with a small model, its tasks and a spec, and the program run in it as its users run it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

SPEC = """
# Two sources, two levels, every baseline.
task warm {
  kind classify sentence
  data files "warm/{split}.jsonl"
  text text
  label label
  metric accuracy
  train 2 epochs
  batch 16 examples
  rate 1e-3 linear
  length 16 tokens
}

task same extends warm {
  kind classify pair
  data files "same/{split}.jsonl"
  text one, two
  metric accuracy, f1
}

study small {
  question "Does it run?"
  model folder "model"
  seeds 1, 2

  ticket imp {
    source warm, same
    prune magnitude global of encoder
    sparsity 30%, 60% of original
    rewind 0 steps
  }

  baselines dense, random_mask, random_init, shuffled_init
  transfer imp at 60% to warm, same
  match within 1 sd of dense using larger sd

  claim the_mask_matters {
    imp at 60% beats random_mask by 2 points on most targets
  }
  claim as_good_as_dense {
    imp from warm at 30% matches dense on every target
  }
  report sparsity_curves, transfer_matrix, layer_sparsity, mask_overlap
}
"""

ENVIRONMENT = {
    **os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "NO_COLOR": "1", "COLUMNS": "100",
    "PYTHONPATH": str(Path(__file__).parents[1]),
}  # fmt: skip

PLANNED = re.compile(r"Plan: (\d+) jobs?: (\d+) to run, (\d+) reused")


@frozen
class Answer:
    """What the program said."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def counts(answer: Answer) -> tuple[int, int, int]:
    """Jobs, to run, reused: from the last line of a plan."""
    assert answer.status == 0, answer.text
    (found,) = PLANNED.findall(answer.out)
    jobs, to_run, reused = map(int, found)
    return jobs, to_run, reused


@frozen
class Desk:
    """A folder in which studies are run."""

    folder: Path

    def write(self, spec: str, name: str = "small.ticket") -> None:
        (self.folder / name).write_text(spec, encoding="utf-8")

    def ticketrun(self, *words: str, **environment: str) -> Answer:
        done = subprocess.run(
            self._command(words), cwd=self.folder, env=ENVIRONMENT | environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def ticketrun_at_once(self, times: int, *words: str) -> list[Answer]:
        """Run the program several times, all begun at one moment."""
        processes = [
            subprocess.Popen(
                self._command(words), cwd=self.folder, env=ENVIRONMENT, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for _ in range(times)
        ]  # fmt: skip
        said = [process.communicate() for process in processes]
        return [Answer(process.returncode, out, err) for process, (out, err) in zip(processes, said, strict=True)]

    def interrupt(self, *words: str, by: signal.Signals, after: str) -> Answer:
        """Run the program, and send it a signal once it has printed something."""
        with subprocess.Popen(
            self._command(words), cwd=self.folder, env=ENVIRONMENT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            seen = ""
            while after not in seen:
                line = process.stdout.readline()
                assert line, f"it ended before it said {after!r}: {seen}"
                seen += line
            time.sleep(0.05)
            process.send_signal(by)
            seen += process.stdout.read()
            return Answer(process.wait(timeout=30), seen, "")

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "ticketlang", *words]

    def artifacts(self) -> dict[str, bytes]:
        """Every finished result, by its file."""
        files = [file for file in (self.folder / ".ticketlang" / "artifacts").rglob("*") if file.is_file()]
        return {str(f.relative_to(self.folder)): f.read_bytes() for f in files if f.name != "provenance.json"}
