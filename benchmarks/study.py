"""A whole study in one run, beside running each cell of its tables by itself, as scripts do.

    python benchmarks/study.py [--every 6] [--steps 30]

Claims: the study takes at most 60% of the optimizer steps of its cells run by themselves, and at most a tenth of the
time. A ticket in six levels, three baselines and a transfer, on the micro-BERT. Of the cells some are run, each
as a command that starts from scratch; and once more where the rest of the study is in the store, as with scripts that
keep their masks. Their mean stands for the others. Time is that of the clock and of the processors, the second for
machines that others use, too. Trainings are short here, so that starting counts; the longer they are, the closer the
share of the time comes to that of the steps.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen
from figures import Figure, keep

from runtime.session import Session
from ticketlang.jobs import FineTune
from ticketlang.library import read_source
from ticketlang.pipeline import check
from ticketlang.plan import Cell, Plan

ROOT = Path(__file__).parents[1]
SPEC = """
use micro
task acceptability extends acceptability {{ train {steps} steps }}
task sentiment extends sentiment {{ train {steps} steps }}
study cells {{
  model micro
  seeds 1
  ticket imp {{
    source acceptability
    prune magnitude global of encoder
    sparsity 10% to 60% by 10% of original
    rewind 0 steps
  }}
  baselines dense, random_mask, random_init
  transfer imp at 60% to sentiment
}}
"""
MOST_STEPS, MOST_TIME = 0.6, 0.1


@frozen
class Cost:
    """Of one way to get all numbers of the study."""

    way: str
    commands: int
    trainings: int
    clock: float  # seconds
    processor: float


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=6, help="so many cells, one is run by itself")
    parser.add_argument("--steps", type=int, default=30, help="of each training")
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec = folder / "cells.ticket"
        spec.write_text(SPEC.format(steps=asked.steps))
        plan = _plan(spec, folder / "none")
        some = list(plan.cells)[:: asked.every]
        whole = [
            Cost(f"one run, {n} worker{'s' * (n > 1)}", 1, _trainings(plan), *_run(spec, folder / f"{n}", workers=n))
            for n in (1, 2)
        ]
        alone = [(_run(spec, folder / f"alone {n}", cell=cell)) for n, cell in enumerate(some)]
        kept = [_run(spec, _without(plan, cell, folder / "1", folder / f"kept {n}"), cell=cell)
                for n, cell in enumerate(some)]  # fmt: skip
    cells = len(plan.cells)
    by_themselves = sum(_trainings(plan.narrowed([cell])) for cell in plan.cells)
    ways = [
        *whole,
        Cost("each cell by itself", cells, by_themselves, *_for_all(alone, cells)),
        Cost("the same, masks kept", _trainings(plan), _trainings(plan), *_for_all(kept, _trainings(plan))),
    ]
    return 0 if _show(ways, asked.steps, len(some)) else 1


def _plan(spec: Path, store: Path) -> Plan:
    source = read_source(spec)
    assert not isinstance(source, str), source
    study = check(source).study
    assert study is not None
    return Session.open(study, spec, None, store).plan()


def _trainings(plan: Plan) -> int:
    return sum(isinstance(job.job, FineTune) for job in plan.to_run)


def _run(spec: Path, store: Path, cell: Cell | None = None, workers: int = 1) -> tuple[float, float]:
    """Seconds of a command, by the clock and by the processors."""
    command = [sys.executable, "-m", "ticketlang", "run", str(spec), "--store", str(store), "--workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    clock, processor = time.perf_counter(), _processor()
    words = command if cell is None else [*command, "--cell", cell.id]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{ran.stdout}{ran.stderr}")
    return time.perf_counter() - clock, _processor() - processor


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _without(plan: Plan, cell: Cell, store: Path, copy: Path) -> Path:
    """A copy of a finished store that lacks the training of one cell."""
    shutil.copytree(store, copy)
    shutil.rmtree(copy / "artifacts" / plan.cells[cell])
    return copy


def _for_all(found: Sequence[tuple[float, float]], cells: int) -> tuple[float, float]:
    clock, processor = (sum(times) / len(found) * cells for times in zip(*found, strict=True))
    return clock, processor


def _show(ways: Sequence[Cost], steps: int, run: int) -> bool:
    one, apart = ways[0], ways[2]
    print(f"{'way':24}{'commands':>9}{'trainings':>11}{'steps':>8}{'clock':>9}{'processors':>12}")
    for cost in ways:
        print(f"{cost.way:24}{cost.commands:9}{cost.trainings:11}{cost.trainings * steps:8}"
              f"{cost.clock:8.0f}s{cost.processor:11.0f}s")  # fmt: skip
    print(f"the last two are the means of {run} cells, times the commands")
    trainings, clock, processor = (
        one.trainings / apart.trainings, one.clock / apart.clock, one.processor / apart.processor,
    )  # fmt: skip
    holds = trainings <= MOST_STEPS and clock <= MOST_TIME
    keep("study", *_figures(ways, steps, run))
    print(f"the study takes {trainings:.0%} of the steps of its cells by themselves, and {clock:.1%} of the time by the"
          f" clock, {processor:.1%} by the processors: {'holds' if holds else 'FAILS'}")  # fmt: skip
    return holds


def _figures(ways: Sequence[Cost], steps: int, run: int) -> Iterator[Figure]:
    one, two, apart, kept = ways
    study = f"a study of {apart.commands} cells, {steps} steps a training"
    cells = f"each cell by itself, as scripts do, {run} of them run"
    yield Figure(
        what=f"{study}: optimizer steps", beside=cells, found=f"{one.trainings / apart.trainings:.0%}",
        asked=f"{MOST_STEPS:.0%} at most", holds=one.trainings <= MOST_STEPS * apart.trainings,
    )  # fmt: skip
    yield Figure(
        what=f"{study}: time, one worker", beside=cells, found=f"{one.clock / apart.clock:.1%}, {one.clock:.0f} s",
        asked=f"{MOST_TIME:.0%} at most", holds=one.clock <= MOST_TIME * apart.clock,
    )  # fmt: skip
    yield Figure(
        what=f"{study}: time, one worker", beside="each cell by itself, the masks of others there",
        found=f"{one.clock / kept.clock:.1%}",
    )  # fmt: skip
    yield Figure(
        what=f"{study}: two workers", beside="one worker", found=f"{one.clock / two.clock:.2f} times as fast"
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
