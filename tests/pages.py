"""What readers are shown: the README, the pages of docs/, and the blocks of code in them."""

import re
import shlex
from pathlib import Path

from attrs import frozen
from imports import ROOT

DOCS = sorted((ROOT / "docs").rglob("*.md"))
SHOWN = [ROOT / "README.md", *DOCS]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen
class Block:
    """What stands between two fences."""

    language: str
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """Those of these languages, in order; all of them where none is named."""
    found = [Block(block["language"], block["text"]) for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def commands(page: Path, *languages: str) -> list[list[str]]:
    """The words of each command line of `ticketrun`, its name left out."""
    lines = [line.removeprefix("$ ") for block in blocks(page, *languages) for line in block.text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("ticketrun ")]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))
