"""A folder that is written again holds what is new, and whatever is not ours."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from ticketlang.cli.folders import MANIFEST, put_folder


def names(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found - {MANIFEST}


def test_what_an_earlier_time_wrote_goes_and_nothing_else(tmp_path: Path) -> None:
    """Also where somebody changed it since, or put a file of their own in its place."""
    folder = tmp_path / "paper"
    before = dict.fromkeys(("report.tex", "tables/a.tex", "tables/b.tex", "figures/a.pdf", "figures/c.pdf"), b"old")
    assert put_folder(folder, before) == 0
    (folder / "tables" / "mine.tex").write_bytes(b"old")
    (folder / "tables" / "b.tex").write_bytes(b"changed by hand")
    (folder / "figures" / "c.pdf").unlink()

    assert put_folder(folder, {"report.tex": b"new", "tables/d.tex": b"new"}) == 2
    assert names(folder) == {"report.tex", "tables/b.tex", "tables/d.tex", "tables/mine.tex"}
    assert (folder / "report.tex").read_bytes() == b"new"
    assert put_folder(folder, {"report.tex": b"new"}) == 1
    assert names(folder) == {"report.tex", "tables/b.tex", "tables/mine.tex"}


def test_files_that_no_list_names_stay(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.tex").write_bytes(b"old")

    assert put_folder(tmp_path, {"report.tex": b"new"}) == 0
    assert names(tmp_path) == {"report.tex", "tables/a.tex"}


@pytest.mark.parametrize("form", ["{name}", "tables/../../{name}", "{folder}/{name}"])
def test_a_list_that_somebody_forged_leads_nowhere_else(tmp_path: Path, form: str) -> None:
    folder, other = tmp_path / "paper", tmp_path / "thesis.tex"
    other.write_bytes(b"mine")
    folder.mkdir()
    name = form.format(name=other.name, folder=tmp_path)
    digest = sha256(b"mine").hexdigest()
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "files": {name: digest}}))

    assert put_folder(folder, {"report.tex": b"new"}) == 0
    assert other.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "files": {"a": "b"}}', '{"format": 1, "files": [1]}'])
def test_a_list_that_cannot_be_read_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    assert put_folder(tmp_path, {"report.tex": b"new"}) == 0


def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "tables").write_bytes(b"a file")
    said = put_folder(tmp_path, {"tables/a.tex": b"new"})

    assert isinstance(said, str)
    assert "tables cannot be made" in said
