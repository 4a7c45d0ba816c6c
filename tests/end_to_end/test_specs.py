"""Every study of the paper runs to its end: small, offline, and with every kind of its jobs."""

import re
from pathlib import Path

import pytest
from imports import ROOT

from ticketlang.cli import main

SPECS = sorted((ROOT / "specs").glob("*.ticket"))


@pytest.mark.parametrize("spec", SPECS, ids=[spec.stem for spec in SPECS])
def test_a_study_of_the_paper_runs_to_its_end(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From its own text to verdicts and report, on a network of two layers and made-up examples of its tasks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    assert main(["smoke", str(spec)]) == 0, capsys.readouterr()
    assert re.search(r"Smoke: (\d+) of \1 kinds of job ran", capsys.readouterr().out)
