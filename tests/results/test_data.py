"""A report as data: the same numbers in every form, each with all that it stands for."""

import csv
import json
import math
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from handmade import DENSE, RANDOM_MASK, claim, fill, plan, publish, rule, study, ticket, transfer
from imports import ROOT

from runtime.reports import Evidence, Report, whole_report
from runtime.reports.loaded import Loaded
from runtime.reports.row import COLUMNS
from runtime.reports.writers import content_for
from runtime.reports.writers.data import csv_rows, json_report, parquet_rows
from runtime.store import Certificate, Outcome, Store
from ticketlang.plan import Cell
from ticketlang.study import ArmPattern

WANTED = study(
    ticket("a", 30, 70),
    ticket("b", 30, 70),
    seeds=3,
    baselines=(DENSE, RANDOM_MASK),
    transfers=(transfer("imp", 70, "a", "b"),),
    match=rule("larger"),
    question="Do <they>?",
    claims=(claim(ArmPattern(arm="imp"), "matches", ArmPattern(arm="dense"), name="winning"),),
)


def score(cell: Cell) -> float | None:
    """No decimal number, so that every digit is asked for; one arm is not done."""
    if cell.arm == "random_mask":
        return None
    return (0.8 if cell.arm == "dense" else 0.7) + cell.seeds.head / 700


@pytest.fixture
def report(tmp_path: Path) -> Report:
    store, laid_out = Store.open(tmp_path / "store"), plan(WANTED)
    fill(store, laid_out, score)
    (key,) = (key for cell, key in laid_out.cells.items() if cell.id == "dense/a/seed=1")
    both = {"scores": {"accuracy": score(next(iter(laid_out.cells))), "f1": 0.5}, "metric": "accuracy"}
    both["scores"]["accuracy"] = 0.8 + 1 / 700
    publish(store, laid_out.jobs[key], Outcome(both, Certificate()))
    return whole_report(Evidence.of(laid_out, store))


def test_a_row_for_each_number_and_each_missing_one(report: Report) -> None:
    cells = {cell.id: (cell, key) for cell, key in plan(WANTED).cells.items()}

    assert [row.cell for row in report.rows if row.decides] == list(cells)
    for row in report.rows:
        cell, key = cells[row.cell]
        assert row.key == key
        assert (row.arm, row.target, row.seed) == (cell.arm, cell.target, cell.seeds.head)
        assert row.level == (None if cell.level is None else float(cell.level.fraction))
        if row.decides:
            assert row.score == score(cell)
    others = [row for row in report.rows if not row.decides]
    assert [(row.cell, row.metric, row.score, row.gap) for row in others] == [("dense/a/seed=1", "f1", 0.5, None)]


def test_gaps_are_to_dense_of_the_same_seeds(report: Report) -> None:
    gaps = {row.cell: row.gap for row in report.rows if row.decides}

    assert gaps["imp/a@70%/a/seed=3"] == pytest.approx(-0.1)
    assert gaps["dense/a/seed=3"] is None
    assert all(gap is None for cell, gap in gaps.items() if cell.startswith("random_mask"))


def test_csv_parquet_json_and_frame_hold_the_same_rows(report: Report) -> None:
    rows = [tuple(getattr(row, name) for name in COLUMNS) for row in report.rows]

    table = pq.read_table(BytesIO(parquet_rows(report)))
    assert table.column_names == list(COLUMNS)
    assert [tuple(row[name] for name in COLUMNS) for row in table.to_pylist()] == rows

    value = json.loads(json_report(report))
    assert [tuple(row[name] for name in COLUMNS) for row in value["rows"]] == rows

    header, *lines = csv.reader(StringIO(csv_rows(report)))
    assert header == list(COLUMNS)
    scores = [float(line[header.index("score")]) if line[header.index("score")] else None for line in lines]
    assert scores == [row.score for row in report.rows]

    frame = Loaded(report).frame
    assert list(frame.columns) == list(COLUMNS)
    assert [None if pd.isna(each) else float(each) for each in frame["score"]] == scores


def test_json_has_verdicts_and_tables_in_numbers(report: Report) -> None:
    value = json.loads(json_report(report))

    (verdict,) = value["verdicts"]
    assert verdict["claim"] == "winning"
    case = next(case for case in verdict["cases"] if case["case"] == "imp/a@30%/a")
    assert case["difference"] == pytest.approx(-0.1)
    assert case["runs"] == 3
    assert next(section["title"] for section in value["sections"]) == "Verdicts"
    curves = next(
        block
        for section in value["sections"]
        for block in section["blocks"]
        if block.get("drawing") and block["drawing"]["is"] == "curves"
    )
    assert curves["drawing"]["curves"][0]["points"][0]["x"] == 30


def test_the_same_report_is_the_same_bytes(report: Report) -> None:
    for suffix in (".html", ".csv", ".json", ".parquet"):
        assert content_for(suffix, report) == content_for(suffix, report)


def test_what_nobody_writes_is_refused(report: Report) -> None:
    with pytest.raises(ValueError, match=r"and not as `\.docx`"):
        content_for(".docx", report)


def test_a_notebook_shows_verdicts_and_scores_as_text(report: Report) -> None:
    loaded = Loaded(report)
    shown = loaded._repr_html_()

    assert "Do &lt;they&gt;?" in shown
    assert "winning" in shown
    assert "imp/a" in shown
    assert "<script" not in shown
    assert repr(loaded).startswith(f"<handmade: {report.done} of {report.asked} results; winning: ")


def test_frames_of_a_report(report: Report, tmp_path: Path) -> None:
    loaded = Loaded(report)
    means = loaded.scores.set_index(["arm", "source", "level", "target", "metric"])

    place = means.loc[("imp", "a", 0.7, "a", "accuracy")]
    assert float(place["mean"]) == pytest.approx(0.7 + 2 / 700)
    assert float(place["sd"]) == pytest.approx(1 / 700)
    assert int(place["runs"]) == 3
    assert set(loaded.verdicts["verdict"]) == {"fails"}
    assert math.isclose(loaded.verdicts["difference"].iloc[0], -0.1)
    assert "Scores: a, accuracy" in loaded.tables
    assert loaded.save(tmp_path / "page.html").read_bytes() == content_for(".html", report)


def test_results_load_by_one_name_and_nothing_before_that_is_heavy(tmp_path: Path) -> None:
    """`ticketlang.load` of a study without a store says so; `import ticketlang` brings no library along."""
    script = (
        "import sys, ticketlang\n"
        "assert not {'pandas', 'numpy', 'lark', 'rich', 'torch', 'runtime'} & set(sys.modules)\n"
        "try:\n"
        "    ticketlang.load('examples/quickstart.ticket', store=sys.argv[1])\n"
        "except Exception as problem:\n"
        "    print(type(problem).__name__, problem)\n"
        "assert 'torch' not in sys.modules\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "none")], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.stderr == ""
    assert ran.stdout.startswith("StoreError there is no store in ")
    assert ran.stdout.endswith("; say where it is with `store=`\n")


def test_mistakes_of_a_spec_are_in_the_exception(tmp_path: Path) -> None:
    from ticketlang import load

    spec = tmp_path / "s.ticket"
    spec.write_text("study s {\n  seeds\n}\n")
    with pytest.raises(ValueError, match=r"s\.ticket"):
        load(spec)
    with pytest.raises(ValueError, match="there is no such file"):
        load(tmp_path / "other.ticket")
    with pytest.raises(ValueError, match=r"^settings:1:1: \[unknown-field\] .*`sed`; did you mean `seeds`\?") as raised:
        load(ROOT / "examples/quickstart.ticket", settings=["sed 1"])
    assert "--set" not in str(raised.value)
