"""Whether the quickstart shows something: over fresh seeds, and in worlds made from other seeds.

    python benchmarks/phenomenon.py [--worlds 1 2 3 4] [--folder build/phenomenon]

World 1 is read by the BERT that ships. For each other world one is pre-trained first, on the text of that world, by
specs/micro.ticket, but for a quarter of its steps; then benchmarks/phenomenon.ticket is run in it. The table shows
scores in percent with their standard errors over seeds, and how far each arm stands from dense or from the ticket: the
mean difference of runs of the same seeds, and in brackets how many of its standard errors that is. What is done is kept
in the folder.
"""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from math import inf, sqrt
from pathlib import Path
from statistics import mean, stdev

from runtime.micro.splits import VERSION
from runtime.results import Condition, Results
from runtime.session import Session
from ticketlang.cli.common import read_study

ROOT = Path(__file__).parents[1]
SPEC, PRETRAINING = ROOT / "benchmarks" / "phenomenon.ticket", ROOT / "specs" / "micro.ticket"
STEPS = 6500  # of a pre-training: this task alone needs no more
SHIPPED = 1  # the world whose text the shipped BERT has read
ARMS = ("dense", "imp", "random_mask", "random_init")
TITLES = ("world", "dense", "ticket", "random mask", "random init", "ticket - dense", "ticket - random mask",
          "ticket - random init")  # fmt: skip


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--worlds", type=int, nargs="+", default=[1, 2, 3, 4], metavar="SEED")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "phenomenon")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = asked.folder / "table.md"
    lines = [_row(TITLES), _row(["---"] * len(TITLES))]
    for world in asked.worlds:
        lines.append(_row(_measured(world, asked.folder)))
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(table.read_text(encoding="utf-8"), end="")
    return 0


def _measured(world: int, folder: Path) -> Iterator[str]:
    """A row of the table."""
    settings, store = _settings(world, folder), folder / f"world-{world}.store"
    _ticketrun("run", SPEC, "--store", store, *_said(settings))
    study = read_study(SPEC, settings)
    assert study is not None
    session = Session.look(study, SPEC, None, store)
    assert session.store is not None
    results = Results.of(session.plan(), session.store)
    conditions = {condition.arm: condition for condition in results.conditions}
    yield str(world)
    for arm in ARMS:
        yield _with_error(_scores(results, conditions[arm]))
    for arm in (arm for arm in ARMS if arm != "imp"):
        yield _in_errors(results.differences(conditions["imp"], conditions[arm]))


def _settings(world: int, folder: Path) -> list[str]:
    """What is said differently of a world, whose BERT is pre-trained now if it is not there."""
    if world == SHIPPED:
        return []
    model = folder / f"world-{world}-version-{VERSION}-{STEPS}-steps"  # another text, or another length: another BERT
    if not model.exists():
        own = _said([f"reading.data micro corpus world {world}", f"reading.train {STEPS} steps"])
        _ticketrun("pretrain", PRETRAINING, "--to", model, "--store", folder / f"world-{world}.store", *own)
    return [f'model folder "{model.resolve()}"', f"acceptability.data micro acceptability world {world}"]


def _said(settings: Sequence[str]) -> Iterator[str]:
    for setting in settings:
        yield from ("--set", setting)


def _ticketrun(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "ticketlang", *map(str, arguments)], check=True, stdout=sys.stderr)


def _scores(results: Results, condition: Condition) -> list[float]:
    return [results.scores[run] for run in results.runs(condition)]


def _with_error(scores: Sequence[float]) -> str:
    return f"{100 * mean(scores):.1f} ± {100 * stdev(scores) / sqrt(len(scores)):.1f}"


def _in_errors(differences: Sequence[float]) -> str:
    error = stdev(differences) / sqrt(len(differences))
    errors = mean(differences) / error if error else inf
    return f"{100 * mean(differences):+.1f} ({errors:+.1f})"


def _row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
