"""Whether bf16 finds what fp32 finds: the same study by both, seed by seed, its scores and its masks.

    python benchmarks/precision.py [SPEC] [--data DIR] [--seeds 11 12 13 14 15] [--set TEXT] [--folder build/precision]

Scores are paired by seeds, since both precisions begin with the same head, order and dropout: the table shows the mean
difference with its standard error. Masks are compared by the share of kept weights that two have in common (Jaccard):
of the two precisions at one seed, and, to say how much that is, of two seeds in fp32. Runs are kept in the folder.
"""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from attrs import frozen

from runtime.masks import MASK_FILE, BoolArray, read_mask
from runtime.results import Condition, Results
from runtime.session import Session
from ticketlang.cli.common import read_study
from ticketlang.study import Seeds

ROOT = Path(__file__).parents[1]
PRECISIONS = ("fp32", "bf16")
TITLES = ("arm", "fp32", "bf16", "bf16 - fp32", "masks: of both precisions", "masks: of two seeds in fp32")


@frozen
class Found:
    """What a study found by one precision."""

    scores: Mapping[str, Mapping[Seeds, float]]  # by condition
    masks: Mapping[str, Mapping[Seeds, Mapping[str, BoolArray]]]


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("spec", type=Path, nargs="?", default=ROOT / "benchmarks" / "phenomenon.ticket", metavar="SPEC")
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="instead of those of the spec")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="TEXT")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "precision")
    asked = parser.parse_args()
    settings = list(asked.settings)
    if asked.seeds:
        settings.append(f"seeds {', '.join(map(str, asked.seeds))}")
    places = ("--store", str(asked.folder / f"{asked.spec.stem}.store"))
    places += () if asked.data is None else ("--data", str(asked.data))
    found = {}
    for precision in PRECISIONS:
        said = [*settings, f"precision {precision}"]
        words = [word for setting in said for word in ("--set", setting)]
        subprocess.run([sys.executable, "-m", "ticketlang", "run", str(asked.spec), *places, *words], check=True)
        found[precision] = _found(asked.spec, said, asked.data, asked.folder / f"{asked.spec.stem}.store")
    print("\n".join(_table(found["fp32"], found["bf16"])))
    return 0


def _found(spec: Path, settings: Sequence[str], data: Path | None, folder: Path) -> Found:
    study = read_study(spec, settings)
    assert study is not None
    session = Session.look(study, spec, data, folder)
    store = session.store
    assert store is not None
    results = Results.of(session.plan(), store)
    scores = {condition.name: dict(_by_seeds(results, condition)) for condition in results.conditions}
    masks = {
        condition.name: {
            seeds: read_mask(store.artifact(key).path(MASK_FILE)) for seeds, key in results.masks(condition).items()
        }
        for condition in results.conditions
        if condition.is_ticket
    }
    return Found(scores, masks)


def _by_seeds(results: Results, condition: Condition) -> Iterator[tuple[Seeds, float]]:
    for cell in results.conditions[condition]:
        yield cell.seeds, results.scores[results.plan.cells[cell]]


def _table(fp32: Found, bf16: Found) -> Iterator[str]:
    yield _row(TITLES)
    yield _row(["---"] * len(TITLES))
    for name, scores in fp32.scores.items():
        others = bf16.scores[name]
        differences = [others[seeds] - score for seeds, score in scores.items()]
        yield _row(
            (
                name,
                f"{100 * mean(scores.values()):.2f}",
                f"{100 * mean(others.values()):.2f}",
                _with_error(differences),
                _shared((fp32.masks[name][seeds], bf16.masks[name][seeds]) for seeds in scores)
                if name in fp32.masks
                else "",
                _shared(combinations(fp32.masks[name].values(), 2)) if name in fp32.masks else "",
            )
        )


def _shared(pairs: Iterator[tuple[Mapping[str, BoolArray], Mapping[str, BoolArray]]]) -> str:
    """Of the weights that one of two masks keeps, the share that both keep: mean over pairs."""
    found = [_jaccard(one, other) for one, other in pairs]
    return f"{mean(found):.3f}" if found else ""


def _jaccard(one: Mapping[str, BoolArray], other: Mapping[str, BoolArray]) -> float:
    both = sum(int(np.count_nonzero(one[name] & other[name])) for name in one)
    either = sum(int(np.count_nonzero(one[name] | other[name])) for name in one)
    return both / either


def _with_error(differences: Sequence[float]) -> str:
    error = f" ± {100 * stdev(differences) / sqrt(len(differences)):.2f}" if len(differences) > 1 else ""
    return f"{100 * mean(differences):+.2f}{error}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
