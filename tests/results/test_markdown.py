"""A report as Markdown: every table of it whole, and nothing in a name marks anything up."""

import re
from pathlib import Path

import pytest
from attrs import evolve
from reported import EVIL, TEXT, wanted, write

from runtime.reports.blocks import Judgement, Prose, Section, Table
from runtime.reports.writers import content_for
from runtime.reports.writers.markdown import code, listing, markdown, text


def test_all_of_a_report_is_there_and_every_table_is_whole(tmp_path: Path) -> None:
    report = write(tmp_path / "store", wanted())
    page = content_for(".md", report).decode()

    assert page.startswith("# handmade\n\nAre &#60;tickets&#62; universal?\n")
    sections = (*report.sections, *report.appendix)
    assert re.findall(r"^#{2,3} (.*)$", page, re.MULTILINE) == [
        *(text(section.title) for section in report.sections), "Appendix",
        *(text(section.title) for section in report.appendix),
    ]  # fmt: skip
    tables = [block.cases if isinstance(block, Judgement) else block for s in sections for block in s.blocks
              if isinstance(block, Table | Judgement)]  # fmt: skip
    filled = [table for table in tables if table.rows]
    blocks = re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE)
    assert len(blocks) == len(filled)
    for block, table in zip(blocks, filled, strict=True):
        lines = block.splitlines()
        assert len(lines) == 2 + len(table.rows)
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {1 + len(table.columns)}
    assert f"```ticket\n{TEXT.strip()}\n```" in page


def test_names_are_text(tmp_path: Path) -> None:
    named = "a | b <script> `c` *d* [e](f) & # g\x1b[2J"
    shown = markdown((Section(title=named, blocks=(Prose(named),)),))

    assert "<script>" not in shown
    assert "\x1b" not in shown
    assert shown.count("`c`") == 1  # in the paragraph, where ticks mean code
    for sign in "|`*[]#":
        assert not re.search(rf"(?<!\\)\{sign}", shown.replace("`c`", "").removeprefix("## ").replace("&#", "")), sign
    assert "onmouseover=alert(1)" in text(EVIL), "what is harmless stays as it is"


@pytest.mark.parametrize("said", ["plain", "with ` a tick", "``two``", "a | b"])
def test_code_is_shown_as_it_is(said: str) -> None:
    """By the rule of CommonMark: a span ends at a run of as many ticks as began it."""
    shown = code(said)
    fence = re.match(r"`+", shown)
    assert fence is not None
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert not re.search(rf"(?<!`){fence[0]}(?!`)", inner)
    assert inner.strip().replace("\\|", "|") == said


def test_what_stands_in_ticks_is_code() -> None:
    """As on a page; a single tick is text."""
    note = Table(title="", columns=(), rows=(), notes=("say `report matching`", "a ` tick"))
    shown = markdown((Section(title="s", blocks=(Prose("`a_b` is *not* there", is_warning=True), note)),))

    assert "> **Warning.** `a_b` is \\*not\\* there\n" in shown
    assert "- say `report matching`\n- a \\` tick\n" in shown


def test_a_listing_ends_where_it_should() -> None:
    shown = listing("one\n```\ntwo\n")
    assert shown.startswith("````\n")
    assert shown.endswith("\n````\n")


def test_a_study_half_done_says_so(tmp_path: Path) -> None:
    report = write(tmp_path / "store", wanted())
    assert (
        f"{report.done - 1} of {report.asked} scores are there."
        in content_for(".md", evolve(report, done=report.done - 1)).decode()
    )
