"""`ticketrun new` writes a spec that is right as it stands, and never writes over one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from imports import ROOT

from ticketlang.pipeline import check
from ticketlang.source import Source


def ticketrun(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ticketlang", *words]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_what_is_written_is_a_study_in_the_canonical_form(tmp_path: Path) -> None:
    wrote = ticketrun("new", "my-study", cwd=tmp_path)

    assert wrote.stdout == "wrote my-study.ticket; `ticketrun run my-study.ticket` runs it\n"
    assert ticketrun("fmt", "--check", "my-study.ticket", cwd=tmp_path).returncode == 0
    checked = ticketrun("validate", "my-study.ticket", cwd=tmp_path)
    assert checked.stdout == "my-study.ticket: ok, study my-study: 1 ticket, 1 task, 3 runs, 2 claims\n"
    planned = ticketrun("plan", "my-study.ticket", cwd=tmp_path)
    assert (planned.returncode, planned.stderr) == (0, "")


SUGGESTED = re.compile(r"^(?P<start> *(?P<word>\w+) +)(?P<said>.*?) +# .*try: (?P<tried>.*)$", re.MULTILINE)


def test_what_its_comments_suggest_is_right(tmp_path: Path) -> None:
    """Each step by itself, the transfer and the task that are commented out, and all of them together."""
    ticketrun("new", "mine", cwd=tmp_path)
    text = (tmp_path / "mine.ticket").read_text()
    steps = {found[0]: f"{found['start']}{found['tried']}" for found in SUGGESTED.finditer(text)}
    steps |= {line: line.replace("# ", "", 1) for line in text.splitlines() if line.startswith("  # transfer")}
    task = text[text.index("# task mine") :]
    steps[task] = re.sub("^# ", "", task, flags=re.MULTILINE)
    together = text
    for written, tried in steps.items():
        together = together.replace(written, tried)

    assert len(steps) == 9
    for spec in (*(text.replace(written, tried) for written, tried in steps.items()), together):
        checked = check(Source("mine.ticket", spec))
        assert checked.study is not None, [f"{found.at}: {found.message}" for found in checked.diagnostics]
    assert {"mine"} == set(re.findall(r"^task (\w+)", together, re.MULTILINE))


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.ticket").write_text("mine")
    refused = ticketrun("new", "mine.ticket", cwd=tmp_path)

    assert refused.returncode == 2
    assert "mine.ticket is there already" in refused.stderr
    assert (tmp_path / "mine.ticket").read_text() == "mine"


@pytest.mark.parametrize("name", ["2nd", "two words", "target", "a{b"])
def test_a_name_is_a_word(tmp_path: Path, name: str) -> None:
    refused = ticketrun("new", name, cwd=tmp_path)

    assert refused.returncode == 2
    assert "cannot be the name of a study" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    refused = ticketrun("new", "gone/mine", cwd=tmp_path)

    assert refused.returncode == 3
    assert "No such file or directory" in refused.stderr
