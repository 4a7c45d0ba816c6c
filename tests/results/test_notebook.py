"""The notebook among the examples runs as it stands, on a store that has what it looks at."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from handmade import fill
from imports import ROOT

from runtime.reports.loaded import Loaded
from runtime.session import Session
from runtime.store import Store
from ticketlang.pipeline import check
from ticketlang.source import Source

NOTEBOOK = ROOT / "examples" / "results.ipynb"


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, store = tmp_path / "examples", tmp_path / "build" / "demo"
    beside.mkdir()
    spec = Path(shutil.copy(ROOT / "examples" / "quickstart.ticket", beside))
    study = check(Source(str(spec), spec.read_text(encoding="utf-8"), spec)).study
    assert study is not None
    store.parent.mkdir()
    laid_out = Session.open(study, spec, None, store).plan()
    fill(Store.open(store), laid_out, lambda cell: 0.9 if cell.seeds.head < 3 else None)
    monkeypatch.chdir(beside)

    shown = list(map(run, cells({})))

    assert isinstance(shown[0], Loaded)
    frames = [value for value in shown if isinstance(value, pd.DataFrame)]
    assert len(frames) == 3
    assert all(len(frame) for frame in frames)
    assert (store.parent / "quickstart.html").exists()
    assert list(beside.iterdir()) == [spec]
    assert frames[1].columns.names == ["target", "metric"]  # or a mean would be one of accuracies and correlations


def cells(names: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The source of each cell, with the names that all of them share."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in notebook["cells"])  # they would be of another store
    return [("".join(cell["source"]), names) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(cell: tuple[str, dict[str, Any]]) -> Any:
    """Run a cell; its last line is what a notebook shows."""
    source, names = cell
    *before, last = source.splitlines()
    exec("\n".join(before), names)
    return eval(last, names)
