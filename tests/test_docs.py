"""What READMEs and site show is right, and the site has a place for all that they promise.

Commands are typed, their output compared, and Python is run in end_to_end/test_pages.py.
"""

import json
import re
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import pytest
from imports import PACKAGES, ROOT
from mkdocs.commands.build import build
from mkdocs.config import load_config
from pages import DOCS, SHOWN, blocks, commands, name_of, prints

from runtime.matching import RULES
from runtime.store import certificates as made
from runtime.store.certificates import PROMISES
from ticketlang.cli.main import COMMANDS, parser
from ticketlang.diagnostics.explained import explanations
from ticketlang.parse import parse
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.vocabulary.fields import BLOCKS
from ticketlang.vocabulary.prunings import PRUNINGS
from ticketlang.vocabulary.sections import SECTIONS

LANGUAGES = {"ticket", "python", "sh", "console", "diff", "text"}
TUTORIAL = ROOT / "docs/tutorial.md"
FIRST = ROOT / "docs/how-to/find-a-ticket-on-your-own-data.md"

# The index shows the quickstart without its tasks, which are those of the built-in world.
NEEDS = {"index.md": "use micro\n"}


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_every_block_says_what_it_is(page: Path):
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", [page for page in SHOWN if blocks(page, "ticket")], ids=name_of)
def test_every_spec_parses_and_whole_studies_have_no_mistakes(page: Path, tmp_path: Path):
    (first,) = blocks(FIRST, "ticket")
    (tmp_path / "study.ticket").write_text(first.text)  # which the studies of other pages extend
    for block in blocks(page, "ticket"):
        tree, malformed = parse(Source(page.name, block.text))
        assert tree is not None
        assert not malformed
        if re.search(r"^study ", block.text, re.MULTILINE):
            text = NEEDS.get(page.name, "") + block.text
            checked = check(Source("shown.ticket", text, tmp_path / "shown.ticket"))
            assert [found.code for found in checked.diagnostics if found.severity == "error"] == []
            assert checked.study is not None


def test_the_tutorial_shows_what_the_examples_say():
    _, *parts = re.split(r"^## ", TUTORIAL.read_text(), flags=re.MULTILINE)
    shown = {part.partition("\n")[0]: part for part in parts}
    examples = {
        place.stem: place for place in (ROOT / "examples").iterdir() if place.is_dir() or place.suffix == ".ticket"
    }

    assert set(shown) == set(examples)
    for name, part in shown.items():
        files = examples[name].glob("*.ticket") if examples[name].is_dir() else (examples[name],)
        said = {_words(line) for file in files for line in file.read_text().splitlines()}
        for text in re.findall(r"^```ticket\n(.*?)^```", part, re.MULTILINE | re.DOTALL):
            assert {_words(line) for line in text.splitlines()} <= said


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_no_command_is_made_up(page: Path):
    for words in commands(page):
        name = words[0] if words[0] in COMMANDS else "run"
        parser(name).parse_args([name, *words[words[0] in COMMANDS :]])  # exits where it is wrong


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_no_option_is_made_up(page: Path):
    """Wherever it stands: in a sentence, a table or a block. Scripts of benchmarks/ have options of their own."""
    known = {option for name in COMMANDS for option in _options(parser(name))}
    text = re.sub(r"`benchmarks/[^`]*`", "", page.read_text())
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))

    assert shown <= known


def test_the_tutorial_follows_the_order_of_the_readme():
    """Which has the examples of the built-in world in a table."""
    table = re.findall(r"^\| \[(\w+)\]\(examples/\w+\.ticket\)", (ROOT / "README.md").read_text(), re.MULTILINE)
    shown = re.findall(r"^## (\w+)$", TUTORIAL.read_text(), re.MULTILINE)

    assert len(table) > 4
    assert shown[: len(table)] == table


def test_files_of_the_project_that_commands_name_are_there():
    named = {word for page in SHOWN for words in commands(page) for word in words}
    ours = {word for word in named if word.startswith(("examples/", "specs/"))}

    assert len(ours) > 5
    assert all((ROOT / word).exists() for word in ours)


def test_an_output_is_compared_word_by_word():
    said = "jobs  3 in 12s\n\n  holds  a claim\n  ✓ 97.4 of imp; furthest off is it at -1.2\n  points\nthe end"

    assert prints(said, "jobs  3 in 7s\n...\nthe end")  # times differ
    assert not prints(said, "jobs  4 in 12s")
    assert not prints(said, "the end\n...\njobs  3 in 12s")
    assert not prints(said, "jobs  3 in 12s\nthe end")
    assert prints(said, "  fails  a claim\n  ✗ 3 of imp", shape_only=True)
    assert not prints(said, "  fails  another claim", shape_only=True)
    assert not prints(said, "  ✗ 3 of dense", shape_only=True)


@pytest.mark.parametrize("page", [page for page in SHOWN if blocks(page, "text")], ids=name_of)
def test_pictures_of_the_code_name_what_is_there(page: Path):
    for block in blocks(page, "text"):
        if "GLUE/" not in block.text:
            named = re.findall(r"[\w/]*\w(?:\.py\b|/(?=\s))", block.text)
            assert named, f"nothing can be said of\n{block.text}"
            assert [name for name in named if not _is_there(name.removesuffix("/"), page)] == []


def test_the_files_that_a_study_of_a_real_model_reads_are_those_shown():
    (shown,) = (block.text for block in blocks(ROOT / "README.md", "text") if "GLUE/" in block.text)
    spec = ROOT / "examples/minilm.ticket"
    study = check(Source(spec.name, spec.read_text(), spec)).study
    assert study is not None

    files = re.findall(r"^GLUE/(\S+) *(.*)$", shown, re.MULTILINE)
    columns = {name: tuple(json.loads(row)) for name, row in files if row}
    wanted = {name: (*task.text, task.label) for task in study.tasks.values() for name in [task.data.name]}

    assert {name for name, _ in files} == {
        task.data.name.replace("{split}", split)
        for task in study.tasks.values()
        for split in (task.train_split, task.score_split)
    }
    assert columns == {name.replace("{split}", "train"): its for name, its in wanted.items()}


def test_every_command_is_in_the_table_of_the_readme_and_no_other():
    named = set(re.findall(r"^\| `ticketrun ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))

    assert named == set(COMMANDS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: whatever leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def test_every_page_is_in_the_site(site: Path):
    for page in DOCS:
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists()
    assert not list(site.rglob("*.py*"))


def test_every_code_has_its_place(site: Path):
    assert {explanation.code for explanation in explanations()} <= _places(site / "reference/diagnostics.html")


def test_every_command_has_its_place(site: Path):
    places = _places(site / "reference/commands.html")

    assert set(COMMANDS) <= places
    assert {"ticket-export", "ticket-push", "store-gc"} <= places


def test_every_field_is_in_the_vocabulary(site: Path):
    page = (site / "reference/vocabulary.html").read_text()
    fields = {field for block in BLOCKS.values() for field in block}

    assert len(fields) > 40
    assert [field for field in fields if f"<code>{field}</code>" not in page] == []


def test_every_rule_and_every_check_has_its_row(site: Path):
    rules, certificates = ((site / f"reference/{name}.html").read_text() for name in ("rules", "certificates"))
    checks = {value for name, value in vars(made).items() if name.isupper() and isinstance(value, str)}

    assert all(f"<code>{rule}</code>" in rules for rule in RULES)
    assert set(PROMISES) == checks - {made.SEEDS_DRAWN, made.NO_GRADIENT}
    assert all(f"<td>{check}</td>" in certificates for check in PROMISES)


def test_the_science_speaks_of_every_pruning_baseline_and_section():
    """And by its formulas, which are run where they can be: end_to_end/test_pages.py."""
    protocols, analyses = ((ROOT / f"docs/science/{name}.md").read_text() for name in ("protocols", "analyses"))
    arms = re.findall(r"^arm (\w+)", (ROOT / "ticketlang/library/baselines.ticket").read_text(), re.MULTILINE)

    assert [name for name in (*PRUNINGS, *arms) if f"`{name}`" not in protocols] == []
    assert [name for name in SECTIONS if f"`{name}`" not in analyses and name != "matching"] == []


def test_specs_have_their_colours(site: Path):
    page = (site / "tutorial.html").read_text()

    assert '<span class="field">source</span>' in page
    assert '<span class="number">80%</span>' in page
    assert '<span class="typed">$ ticketrun plan examples/quickstart.ticket</span>' in page


def test_pages_fetch_nothing(site: Path):
    """A page that is read offline is whole, and nobody learns who reads it."""
    for page in site.rglob("*.html"):
        fetched = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"|<link[^>]* href="([^"]+)"', page.read_text())
        assert [url for urls in fetched for url in urls if re.match(r"(?:https?:)?//", url)] == []


def _is_there(name: str, page: Path) -> bool:
    """Beside the page, in the project, or in one of both packages."""
    folders = (page.parent, ROOT, *(ROOT / package for package in PACKAGES))
    return any((folder / name).exists() for folder in folders)


def _options(command: ArgumentParser) -> set[str]:
    """Those of a parser and of its commands. argparse keeps them in no public place."""
    found = set(command._option_string_actions)
    for action in command._actions:
        if isinstance(action, _SubParsersAction):
            found.update(*map(_options, action.choices.values()))
    return found


def _words(line: str) -> str:
    """A line without the spaces that line it up with its neighbours."""
    return " ".join(line.split())


def _places(page: Path) -> set[str]:
    return set(re.findall(r'<h[23] id="([^"]+)"', page.read_text()))
