"""What the benchmarks found, kept until all have run, and the table that they end in.

    python benchmarks/figures.py            the table, as the README quotes it

Each benchmark leaves its figures in build/bench/, in place of those of its last run there.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from attrs import asdict, frozen

from runtime.store.provenance import machine

FOLDER = Path(__file__).parents[1] / "build" / "bench"
TITLES = ("what", "beside", "found", "asked for", "so it")
OUTCOMES = {True: "holds", False: "fails", None: ""}


@frozen(kw_only=True)
class Figure:
    """One line of the table."""

    what: str
    beside: str = ""
    found: str
    asked: str = ""
    holds: bool | None = None  # None: nothing was asked for, or it could not be measured


BENCHMARKS = (
    "training-mrpc",
    "training-sst2",
    "training-base",
    "study",
    "overhead-micro-BERT",
    "overhead-MiniLM",
    "pruning",
    "language",
)
WITH_GLUE = {"overhead-MiniLM"}  # those that are had with its files alone


def keep(name: str, *figures: Figure) -> None:
    """Put the figures of a benchmark where the table finds them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "where": _where(), "figures": [asdict(f) for f in figures]}
    (FOLDER / f"{name}.json").write_text(json.dumps(facts, indent=1))


def _where() -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in ("torch", "transformers"))
    return f"{len(os.sched_getaffinity(0))} cores of {machine()}, {versions}"


def main(*words: str) -> int:
    """0 if all have run and all that is asked for holds.

    Args:
        words: `--glue` where the files of GLUE were given.
    """
    files = {name: FOLDER / f"{name}.json" for name in BENCHMARKS}
    kept = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    if not kept:
        print(f"no benchmark has left figures in {FOLDER}: run `make bench`")
        return 1
    where = dict.fromkeys(f"{facts['where']}, on {facts['date']}" for facts in kept.values())
    print(f"Measured on {' and on '.join(where)}.\n")
    figures = [Figure(**figure) for facts in kept.values() for figure in facts["figures"]]
    print("\n".join(_table(figures)))
    missing = [name for name in BENCHMARKS if name not in kept and (name not in WITH_GLUE or "--glue" in words)]
    if missing:
        print(f"\nno figures of {', '.join(missing)}")
    return 1 if missing or any(figure.holds is False for figure in figures) else 0


def _table(figures: Sequence[Figure]) -> Iterator[str]:
    yield _row(TITLES)
    yield _row(["---"] * len(TITLES))
    for f in figures:
        yield _row((f.what, f.beside, f.found, f.asked, OUTCOMES[f.holds]))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
