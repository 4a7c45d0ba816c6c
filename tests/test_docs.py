"""What README and site show is right, and the site has a place for all that they promise.

Python and the commands of the how-tos are run for real in end_to_end/test_pages.py.
"""

import re
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import pytest
from imports import ROOT
from mkdocs.commands.build import build
from mkdocs.config import load_config
from pages import DOCS, SHOWN, blocks, commands, name_of

from ticketlang.cli.main import COMMANDS, parser
from ticketlang.diagnostics.explained import explanations
from ticketlang.parse import parse
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.vocabulary.fields import BLOCKS

LANGUAGES = {"ticket", "python", "sh", "console", "text"}
TUTORIAL = ROOT / "docs/tutorial.md"
FIRST = ROOT / "docs/how-to/find-a-ticket-on-your-own-data.md"

# The index shows the quickstart without its tasks, which are those of the built-in world.
NEEDS = {"index.md": "use micro\n"}


@pytest.mark.parametrize("page", DOCS, ids=name_of)
def test_every_block_says_what_it_is(page: Path):
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
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
    examples = {file.stem: file for file in (ROOT / "examples").glob("*.ticket")}

    assert set(shown) == set(examples)
    for name, part in shown.items():
        said = {_words(line) for line in examples[name].read_text().splitlines()}
        for text in re.findall(r"^```ticket\n(.*?)^```", part, re.MULTILINE | re.DOTALL):
            assert {_words(line) for line in text.splitlines()} <= said


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_no_command_is_made_up(page: Path):
    for words in commands(page, "sh", "console", ""):
        name = words[0] if words[0] in COMMANDS else "run"
        parser(name).parse_args([name, *words[words[0] in COMMANDS :]])  # exits where it is wrong


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_no_option_is_made_up(page: Path):
    """Wherever it stands: in a sentence, a table or a block. Scripts of benchmarks/ have options of their own."""
    known = {option for name in COMMANDS for option in _options(parser(name))}
    text = re.sub(r"`benchmarks/[^`]*`", "", page.read_text())
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))

    assert shown <= known


def test_files_of_the_project_that_commands_name_are_there():
    named = {word for page in SHOWN for words in commands(page, "sh", "console") for word in words}
    ours = {word for word in named if word.startswith(("examples/", "specs/"))}

    assert len(ours) > 5
    assert all((ROOT / word).exists() for word in ours)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: whatever leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def test_every_page_is_in_the_site(site: Path):
    for page in DOCS:
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists()
    assert not (site / "generate.py").exists()


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


def test_specs_have_their_colours(site: Path):
    page = (site / "tutorial.html").read_text()

    assert '<span class="field">source</span>' in page
    assert '<span class="number">80%</span>' in page


def test_pages_fetch_nothing(site: Path):
    """A page that is read offline is whole, and nobody learns who reads it."""
    for page in site.rglob("*.html"):
        fetched = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"|<link[^>]* href="([^"]+)"', page.read_text())
        assert [url for urls in fetched for url in urls if re.match(r"(?:https?:)?//", url)] == []


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
