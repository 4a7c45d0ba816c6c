"""What README and site tell readers to type is typed, beside the small study that the first how-to has them write."""

from pathlib import Path
from shutil import copytree

import pytest
from desk import Desk
from imports import ROOT
from pages import DOCS, SHOWN, blocks, commands, name_of
from small_world import sentence, write_lines

HOW_TOS = [page for page in DOCS if page.parent.name == "how-to"]
FIRST = ROOT / "docs/how-to/find-a-ticket-on-your-own-data.md"
WITH_PYTHON = [page for page in SHOWN if blocks(page, "python")]


@pytest.fixture(scope="module")
def followed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The desk of a reader who has done what the first how-to says."""
    desk = Desk(tmp_path_factory.mktemp("followed") / "desk")
    copytree(world / "model", desk.folder / "model")
    copytree(world / "warm", desk.folder / "reviews")
    for split, numbers in (("train", range(90)), ("validation", range(1000, 1040))):
        pairs = [(sentence(n), sentence(5 * n + 1), int(n % 3 < 2)) for n in numbers]  # warm, or cold, are both or one
        rows = [{"one": one, "two": two, "label": label} for one, two, label in pairs]
        write_lines(desk.folder / f"pairs/{split}.jsonl", rows)
    (study,) = blocks(FIRST, "ticket")
    desk.write(study.text, "study.ticket")
    for words in commands(FIRST, "sh"):
        answer = desk.ticketrun(*words)
        assert answer.status == 0, answer.text
    return desk


@pytest.fixture
def theirs(followed: Desk, tmp_path: Path) -> Desk:
    """A copy of it."""
    return Desk(copytree(followed.folder, tmp_path / "desk"))


def test_the_first_how_to_ends_with_verdicts_and_a_page(followed: Desk):
    answer = followed.ticketrun("report", "study.ticket")

    assert answer.status == 0
    assert all(said in answer.out for said in ("winning", "the_mask_matters"))
    assert (followed.folder / "mine.html").exists()


@pytest.mark.parametrize("page", [page for page in HOW_TOS if page != FIRST], ids=name_of)
def test_what_a_how_to_says_can_be_typed(page: Path, theirs: Desk):
    """Blocks marked `console` need what a test has not, such as the hub or a GPU; their options are looked at alone."""
    typed = commands(page, "sh")

    assert typed or page.stem == "reproduce-a-table-of-the-paper"
    for words in typed:
        answer = theirs.ticketrun(*words)
        assert answer.status == 0, f"ticketrun {' '.join(words)}\n{answer.text}"


def test_what_the_tutorial_says_can_be_typed(tmp_path: Path):
    """But for the runs, which take minutes: those of its example are timed by `make demo`."""
    clone = Desk(tmp_path)
    copytree(ROOT / "examples", tmp_path / "examples")
    typed = commands(ROOT / "docs/tutorial.md", "sh")

    assert typed
    for words in typed:
        answer = clone.ticketrun(*words)
        assert answer.status == 0, f"ticketrun {' '.join(words)}\n{answer.text}"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_in_pages_runs(page: Path, theirs: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(theirs.folder)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block.text, page.name, "exec"), names)


def test_studies_in_how_tos_plan(theirs: Desk):
    """Beside the study that they extend, and after the commands that make what they read."""
    for words in commands(ROOT / "docs/how-to/share-a-ticket.md", "sh"):
        theirs.ticketrun(*words)
    for page in HOW_TOS:
        for block in blocks(page, "ticket"):
            if "study " in block.text:
                theirs.write(block.text, "shown.ticket")
                answer = theirs.ticketrun("plan", "shown.ticket")
                assert answer.status == 0, answer.text
