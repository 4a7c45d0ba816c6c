"""What READMEs and site tell readers to type is typed, and what they show of its output is compared with it.

How-tos are followed beside the small study that the first of them has its reader write; everything else in a clone, in
which the quickstart has run with trainings of two steps.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from shutil import copyfile, copytree

import pytest
from desk import Answer, Desk
from imports import ROOT
from pages import DOCS, SHOWN, Typed, blocks, name_of, prints, typed
from small_world import sentence, write_lines

HOW_TOS = [page for page in DOCS if page.parent.name == "how-to"]
FIRST = ROOT / "docs/how-to/find-a-ticket-on-your-own-data.md"
ADDING = ROOT / "docs/how-to/add-a-pruning-method.md"
TUTORIAL = ROOT / "docs/tutorial.md"
WITH_PYTHON = [page for page in SHOWN if blocks(page, "python")]
CONTRACT = "tests/execution/test_implementations.py"
LONG = "takes minutes; `make smoke` runs every job of it small"

# What no test types, and why.
UNTYPED = {
    "make test": "runs this test among all others",
    "make minilm GLUE=path/to/GLUE": "needs a model and data that do not ship, and 80 minutes",
    "ticketrun run examples/minilm.ticket --data GLUE": "as above",
    "make realtext DATA=path/to/data": "as above, and hours",
    "ticketrun run examples/protocols.ticket": LONG,
    "ticketrun run examples/worlds.ticket": LONG,
    "ticketrun run examples/transfer.ticket": LONG,
    "ticketrun run examples/rewinding.ticket": LONG,
    "ticketrun run examples/sparsity.ticket": LONG,
    "ticketrun run study.ticket --store again": "trains once more what the first how-to has trained",
    "ticketrun watch study.ticket": "goes on until a run ends",
    "ticketrun watch study.ticket --serve": "goes on until it is stopped",
    "ticketrun run study.ticket --track wandb": "needs a package and an account",
    "ticketrun run study.ticket --device cuda:1": "needs two GPUs",
    "ticketrun run study.ticket --store /shared/tickets": "needs a shared folder",
    "ticketrun smoke specs/matching.ticket": "is what `make smoke` does",
    "ticketrun run specs/matching.ticket": "needs a model of the hub, and a GPU",
    "ticketrun run specs/matching.ticket --set 'seeds 1'": "as above",
    "ticketrun ticket push study.ticket imp/reviews@60%/seed=1 me/imp-reviews-60 --private": "needs the hub",
    "ticketrun ticket pull me/imp-reviews-60 --to pulled": "needs the hub",
}

# Of what these print the columns, rows and claims are compared, and no number, verdict or mark.
SHAPES = {
    "make demo": "shown as whole trainings give it, and typed with short ones",
    "ticketrun run examples/quickstart.ticket": "as above",
}


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
    copytree(ROOT / "specs", desk.folder / "specs")
    (study,) = blocks(FIRST, "ticket")
    desk.write(study.text, "study.ticket")
    type_all(desk, typed(FIRST))
    return desk


@pytest.fixture
def theirs(followed: Desk, tmp_path: Path) -> Desk:
    """A copy of it."""
    return Desk(copytree(followed.folder, tmp_path / "desk"))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A clone in which the tutorial has been followed."""
    desk = Desk(tmp_path_factory.mktemp("clone"))
    for folder in ("examples", "specs"):
        copytree(ROOT / folder, desk.folder / folder)
    quickstart = desk.folder / "examples/quickstart.ticket"
    quickstart.write_text(shortened(quickstart.read_text()))
    type_all(desk, typed(TUTORIAL))
    return desk


def shortened(spec: str) -> str:
    """The same jobs, with trainings of two steps, and a few examples each."""
    without = re.sub(r"^  limit .*\n", "", spec, flags=re.MULTILINE)
    few = "  limit     64 examples\n  limit     evaluation 60 examples\n"
    return re.sub(r"^  train .*\n", f"  train     2 steps\n{few}", without, flags=re.MULTILINE)


def type_all(desk: Desk, lines: Collection[Typed], **environment: str) -> None:
    """Type what can be typed, line by line: each ends well, and prints what the page says."""
    for found in lines:
        if found.line not in UNTYPED:
            answer = desk.ticketrun(*found.words, **environment)
            assert answer.status == 0, f"{found.line}\n{answer.text}"
            assert_prints(found, answer)


def assert_prints(found: Typed, answer: Answer) -> None:
    if found.printed is not None:
        text = answer.err + answer.out  # complaints and progress come before tables
        is_so = prints(text, found.printed, shape_only=found.line in SHAPES)
        assert is_so, f"{found.line} does not print\n{found.printed}\nbut\n{text}"


@pytest.mark.parametrize("page", [page for page in HOW_TOS if page not in {FIRST, ADDING}], ids=name_of)
def test_a_how_to_can_be_followed(page: Path, theirs: Desk, monkeypatch: pytest.MonkeyPatch):
    """Its commands, then its Python; and its studies plan, beside the one that they extend and what the others left."""
    type_all(theirs, typed(page))
    follow_python(theirs, page, monkeypatch)
    for block in blocks(page, "ticket"):
        if "study " in block.text:
            theirs.write(block.text, "shown.ticket")
            answer = theirs.ticketrun("plan", "shown.ticket")
            assert answer.status == 0, answer.text


def test_the_first_how_to_ends_with_a_page(followed: Desk):
    page = (followed.folder / "mine.html").read_text()

    assert all(said in page for said in ("winning", "the_mask_matters"))


@pytest.mark.parametrize(
    "page", [page for page in SHOWN if page not in HOW_TOS and page != TUTORIAL and typed(page)], ids=name_of
)
def test_what_other_pages_say_can_be_typed(page: Path, clone: Desk, tmp_path: Path):
    """In a clone whose demo has run."""
    desk = Desk(copytree(clone.folder, tmp_path / "clone"))
    (desk.folder / "build").mkdir()
    (desk.folder / ".ticketlang").rename(desk.folder / "build/demo")
    type_all(desk, typed(page))


def test_the_tutorial_can_be_followed(clone: Desk):
    """Each of its commands has ended well, and has printed what is shown, when its desk was made."""
    assert (clone.folder / "quickstart.html").exists()


def test_whatever_is_not_typed_is_shown_somewhere():
    shown = [found for page in SHOWN for found in typed(page)]
    with_output = {found.line for found in shown if found.printed is not None}

    assert UNTYPED.keys() <= {found.line for found in shown}
    assert SHAPES.keys() <= with_output
    assert not UNTYPED.keys() & with_output, "nobody looks at what these print"


def test_a_method_is_added_as_the_page_says(theirs: Desk):
    """In a copy of the packages: its changes fit, its files are written, its tests pass, and its study runs."""
    here = {"PYTHONPATH": str(theirs.folder)}
    for folder in ("ticketlang", "runtime"):
        copytree(ROOT / folder, theirs.folder / folder)
    (theirs.folder / "tests/execution").mkdir(parents=True)
    copyfile(ROOT / CONTRACT, theirs.folder / CONTRACT)
    for block in blocks(ADDING, "diff"):
        subprocess.run(["git", "apply"], cwd=theirs.folder, input=block.text, text=True, check=True)
    for block in blocks(ADDING, "python"):
        first, _, rest = block.text.partition("\n")
        (theirs.folder / first.removeprefix("# ")).write_text(rest)

    tests, *lines = typed(ADDING)
    python, *words = shlex.split(tests.line)
    command, environment = [sys.executable, *words, "-p", "no:cacheprovider"], {**os.environ, **here}
    done = subprocess.run(command, cwd=theirs.folder, env=environment, capture_output=True, text=True, check=False)
    assert (python, done.returncode) == ("python", 0), done.stdout
    type_all(theirs, lines, **here)


def follow_python(desk: Desk, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block.text, page.name, "exec"), names)


@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page not in HOW_TOS], ids=name_of)
def test_python_in_other_pages_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    follow_python(Desk(tmp_path), page, monkeypatch)
