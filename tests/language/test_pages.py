"""The pages beside this file are tests: every fenced program is checked, and its lines say what is wrong with them.

A program whose comments say nothing must be without a complaint. Where a page shows a frame, its later programs stand
in place of the line `...` of it, so that each shows what it is about and nothing else.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from ticketlang.pipeline import check
from ticketlang.source import Source

PAGES = sorted(Path(__file__).parent.glob("*.md"))
FENCE = re.compile(r"^```ticket(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r'# (?P<severity>error|warning): \[(?P<code>[\w-]+)\](?: "(?P<part>[^"]*)")?')
HOLE = re.compile(r"^ *\.\.\.$", re.MULTILINE)


@frozen
class Program:
    """A fenced program, in its frame."""

    page: str
    heading: str
    line: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line} {self.heading}"


def programs(page: Path) -> Iterator[Program]:
    text, frame = page.read_text(encoding="utf-8"), "..."
    for fence in FENCE.finditer(text):
        if fence["info"].strip() == "frame":
            frame = fence["text"]
            continue
        before = text[: fence.start()]
        heading = re.findall(r"^#+ (.+)$", before, re.MULTILINE)[-1]
        in_frame = fence["text"].rstrip("\n").join(HOLE.split(frame, maxsplit=1))
        yield Program(page.name, heading, before.count("\n") + 2, in_frame)


ALL = [program for page in PAGES for program in programs(page)]


@pytest.mark.parametrize("program", ALL, ids=[program.name for program in ALL])
def test_a_page_tells_the_truth(program: Program) -> None:
    found = check(Source("page.ticket", program.text)).diagnostics

    expected = [
        (line, said["severity"], said["code"], said["part"] or "")
        for line, text in enumerate(program.text.splitlines(), start=1)
        for said in EXPECTED.finditer(text)
    ]
    assert [(d.at.line_and_column[0], d.severity, d.code) for d in found] == [wanted[:3] for wanted in expected], [
        f"{d.at} [{d.code}] {d.message}" for d in found
    ]
    for diagnostic, (*_, part) in zip(found, expected, strict=True):
        assert part in diagnostic.message


def test_the_pages_hold_programs_both_right_and_wrong() -> None:
    """Guards the test above, which would pass on pages without programs."""
    wrong = [program for program in ALL if EXPECTED.search(program.text)]
    assert len(wrong) >= 80
    assert len(ALL) - len(wrong) >= 15
