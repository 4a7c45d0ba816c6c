"""What a job costs outside its optimizer steps, in a worker that is warm, and how many bytes it leaves.

    python benchmarks/overhead.py                           the micro-BERT of the quickstart
    python benchmarks/overhead.py --minilm GLUE             MiniLM on the files of GLUE, too

Claims: less than 100 ms of a job of the micro-BERT, and less than 5% of 200 steps of MiniLM. Scoring is science, and is
told apart. A worker does the jobs of one ticket, each of a few steps; the first training is cold, and told apart, too.
Times are medians over jobs: by the clock, which other processes and slow disks disturb, and by the processor.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from attrs import Factory, define
from figures import Figure, keep

from runtime.jobs import bench, scoring
from runtime.progress import Silent
from runtime.schedulers.equipment import equip
from runtime.schedulers.hand import Hand
from runtime.session import Session
from runtime.store.checkpoints import Checkpoints
from ticketlang.jobs import FineTune
from ticketlang.library import read_source
from ticketlang.pipeline import check
from ticketlang.plan import PlannedJob

EXAMPLES = Path(__file__).parents[1] / "examples"
STEPS_OF_A_JOB = 200
TRAINING: Any = bench  # modules whose functions are called through a stopwatch here
SCORING: Any = scoring


@define
class Stopwatch:
    """Seconds by the clock and by the processor, of everything that is called through it."""

    clock: float = 0.0
    processor: float = 0.0

    def timing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            clock, processor = time.perf_counter(), time.process_time()
            try:
                return function(*args, **named)
            finally:
                self.clock += time.perf_counter() - clock
                self.processor += time.process_time() - processor

        return timed


@define
class Measured:
    """One job: the whole of it, its steps, and its scoring."""

    what: str
    steps: int
    whole: Stopwatch = Factory(Stopwatch)
    training: Stopwatch = Factory(Stopwatch)
    scoring: Stopwatch = Factory(Stopwatch)
    size: int = 0  # bytes that it leaves

    def outside(self, by: str) -> float:
        """Seconds that are neither steps nor scoring."""
        whole, training, scored = (getattr(watch, by) for watch in (self.whole, self.training, self.scoring))
        return float(whole - training - scored)


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minilm", type=Path, metavar="GLUE", help="the folder with the files of GLUE")
    parser.add_argument("--steps", type=int, default=20, help="of a job of the micro-BERT; a quarter of it of MiniLM")
    asked = parser.parse_args()
    micro = tuple(_jobs("quickstart", "acceptability", "70%", None, asked.steps))
    holds = _show("micro-BERT", micro, most=0.1)
    if asked.minilm is not None:
        minilm = tuple(_jobs("minilm", "mrpc", "70%", asked.minilm, max(2, asked.steps // 4)))
        holds &= _show("MiniLM", minilm, share=0.05)
    return 0 if holds else 1


def _jobs(name: str, task: str, level: str, data: Path | None, steps: int) -> Iterator[Measured]:
    """Do the jobs of one ticket of an example, as a worker does."""
    spec = EXAMPLES / f"{name}.ticket"
    source = read_source(spec)
    assert not isinstance(source, str), source
    study = check(source, settings=(f"{task}.train {steps} steps", "seeds 1")).study
    assert study is not None
    with TemporaryDirectory() as folder:
        session = Session.open(study, spec, data, Path(folder) / "store")
        problems = session.make_ready()
        assert not problems, problems
        assert session.store is not None
        cell = next(cell for cell in session.plan().cells if cell.id == f"imp/{task}@{level}/{task}/seed=1")
        checkpoints = Checkpoints(session.store.layout, session.store.disk)
        perform, workshop = equip(session.gathered.places, "cpu", 1, session.store.layout.cache, checkpoints, Silent())
        hand = Hand(session.store, perform, workshop, Silent())
        for job in session.plan().narrowed([cell]).to_run:
            yield _measured(hand, job, steps)


def _measured(hand: Hand[Any], job: PlannedJob, steps: int) -> Measured:
    found = Measured("training" if isinstance(job.job, FineTune) else "pruning", steps)
    training, scored = TRAINING.train, SCORING.predict
    TRAINING.train, SCORING.predict = found.training.timing(training), found.scoring.timing(scored)
    try:
        tried = found.whole.timing(hand.try_)(job, "overhead")
    finally:
        TRAINING.train, SCORING.predict = training, scored
    assert tried.how == "done", tried.failure
    found.size = sum(path.stat().st_size for path in hand.store.artifact(job.key).folder.iterdir())
    return found


def _show(model: str, jobs: tuple[Measured, ...], most: float | None = None, share: float | None = None) -> bool:
    """Print what was found, and whether the claim holds, which is about warm trainings by the processor's time."""
    trainings = [job for job in jobs if job.what == "training"]
    cold, *warm = trainings
    prunings = [job for job in jobs if job.what == "pruning"]
    step = median(job.training.processor / job.steps for job in warm)
    print(f"{model}: a step takes {1000 * step:.1f} ms, scoring {median(j.scoring.processor for j in warm):.2f} s")
    print(
        f"{'outside steps and scoring':28}{'jobs':>6}{'clock':>10}{'processor':>11}{'of 200 steps':>14}{'leaves':>12}"
    )
    for name, some in (("the first training", [cold]), ("a training", warm), ("a pruning", prunings)):
        clock, processor = (median(job.outside(by) for job in some) for by in ("clock", "processor"))
        size = median(job.size for job in some)
        part = processor / (processor + STEPS_OF_A_JOB * step)
        shown = f"{part:.2%}" if some is not prunings else ""
        print(f"{name:28}{len(some):6}{clock:9.3f}s{processor:10.3f}s{shown:>14}{size / 1024:9,.0f} KiB")
    outside = median(job.outside("processor") for job in warm)
    holds = (most is None or outside < most) and (share is None or outside / (outside + STEPS_OF_A_JOB * step) < share)
    claim = (
        f"less than {1000 * most:.0f} ms" if most is not None else f"less than {share:.0%} of {STEPS_OF_A_JOB} steps"
    )
    print(f"{claim} outside the steps of a warm training: {'holds' if holds else 'FAILS'}\n")
    part = outside / (outside + STEPS_OF_A_JOB * step)
    keep(f"overhead-{model}", Figure(
        what=f"a job of {model}, outside steps and scoring", beside=f"{STEPS_OF_A_JOB} steps",
        found=f"{1000 * outside:.0f} ms of the processor, {part:.1%} of such a job", asked=claim, holds=holds,
    ))  # fmt: skip
    return holds


if __name__ == "__main__":
    sys.exit(main())
