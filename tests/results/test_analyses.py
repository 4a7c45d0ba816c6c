"""Reports on lines between trainings and on distances of masks, as people see them and against plain arithmetic."""

from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from handmade import DENSE, fill, plan, publish, same_as_golden, shown, study, ticket

from runtime.masks import MASK_FILE, write_mask
from runtime.reports import Evidence, report
from runtime.reports.blocks import Table
from runtime.reports.packed import pack
from runtime.reports.sections.mask_distance import distance, distance_by_chance, section
from runtime.reports.writers.terminal import terminal_report
from runtime.store import Certificate, Outcome, Store
from ticketlang.plan import Cell, Line, Plan
from ticketlang.study import Study
from ticketlang.units import Sparsity

GOLDENS = Path(__file__).parent / "goldens"
WANTED = study(
    ticket("a", 30, 70), ticket("b", 30, 70), baselines=(DENSE,), report=("mode_connectivity", "mask_distance")
)


def line_of(line: Line) -> list[float]:
    """Dense is flat; tickets sag in the middle, the sparser the more, and in one run more than in the other."""
    if isinstance(line.other, Cell):
        return [0.8 - 0.002 * step for step in range(11)]
    sag = 0.0 if line.cell.level is None else 0.1 * float(line.cell.level.fraction) ** 2 * line.cell.seeds.order
    return [0.8 + 0.001 * step - sag * 4 * (step / 10) * (1 - step / 10) for step in range(11)]


def fill_lines(store: Store, of: Plan) -> None:
    for line, key in of.lines.items():
        if line.cell.target == "b" and line.cell.seeds.order == 2:
            continue  # still to come
        scores = line_of(line)
        result = {
            "metric": "accuracy",
            "shares": [step / 10 for step in range(11)],
            "line": scores,
            "barrier": (scores[0] + scores[-1]) / 2 - min(scores),
            "distance": 1.0,
            "signs": {"between": [900, 1000], "since the start": [999, 1000]},
        }
        publish(store, of.jobs[key], Outcome(result, Certificate()))


def fill_masks(store: Store, of: Plan) -> None:
    """Nested masks, drawn anew for every run."""
    for key, label in of.masks.items():
        seed, level = int(label[-1]), of.jobs[key].job.sparsity
        rank = np.random.default_rng(seed).permutation(1000)
        kept = {"m": (rank >= level.removed(1000)).reshape(20, 50)}
        staged = store.stage(key)
        write_mask(staged / MASK_FILE, kept)
        outcome = Outcome({"removed": level.removed(1000), "total": 1000, "collapsed": []}, Certificate())
        store.publish(of.jobs[key], staged, outcome, store.artifact(key).provenance)


def text_of(folder: Path, of: Study, title: str, width: int) -> str:
    store, laid_out = Store.open(folder / "store"), plan(of)
    fill(store, laid_out, lambda cell: 0.8)
    fill_lines(store, laid_out)
    fill_masks(store, laid_out)
    found = report(Evidence.of(laid_out, store))
    (section,) = (section for section in found.sections if section.title == title)
    return shown(*terminal_report(evolve(found, sections=(section,))), width=width)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("name", "title"), [("lines", "Lines between trainings"), ("distance", "Distance of masks")])
def test_the_section(tmp_path: Path, name: str, title: str, width: int) -> None:
    text = text_of(tmp_path, WANTED, title, width)

    assert max(map(len, text.splitlines())) <= width
    assert same_as_golden(GOLDENS / f"{name}-{width}.txt", text)


def test_distances_against_sets() -> None:
    rng = np.random.default_rng(0)
    one = {"m": rng.random((7, 11)) < 0.5, "n": rng.random(13) < 0.3}
    other = {"m": rng.random((7, 11)) < 0.4, "n": rng.random(13) < 0.6}
    kept, theirs = ({(name, i) for name, bits in mask.items() for i in np.flatnonzero(bits)} for mask in (one, other))

    assert distance(pack(one), pack(other)) == len(kept ^ theirs) / 90
    assert distance(pack(one), None) == 1 - len(kept) / 90
    assert distance(pack(one), pack(one)) == 0
    assert distance(pack(one), pack({"n": other["n"]})) == np.mean(one["n"] != other["n"])


def test_chance_is_what_independent_masks_do() -> None:
    rng = np.random.default_rng(0)
    one, other = ({"m": rng.random(200_000) < share} for share in (0.3, 0.6))

    assert distance(pack(one), pack(other)) == pytest.approx(distance_by_chance(pack(one), pack(other)), abs=0.005)


def test_a_mask_is_measured_from_the_round_before_it_whether_that_is_shown_or_not(tmp_path: Path) -> None:
    """Pruned through 30, 50 and 70%, and looked at at 70% alone: a fifth of the weights has changed."""
    hidden = evolve(ticket("a", 30, 50, 70), levels=(Sparsity.percent(70),))
    of, store = plan(study(hidden, baselines=(DENSE,), report=("mask_distance",))), Store.open(tmp_path)
    fill(store, of, lambda cell: 0.5)
    fill_masks(store, of)
    (table,) = section(Evidence.of(plan(of.study, store.known), store)).blocks
    assert isinstance(table, Table)
    assert [[entry.text for entry in row[:2]] for row in table.rows] == [["70%", "20.00 ± 0.00"]]
