"""What readers are shown: READMEs and the pages of docs/, the blocks of code in them, and what their commands print."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from imports import ROOT

DOCS = sorted((ROOT / "docs").rglob("*.md"))
FOLDERS = ("benchmarks", "examples", "runtime", "specs", "tests", "ticketlang")
READMES = [ROOT / "README.md", *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("README.md")))]
SHOWN = [*READMES, *DOCS]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

# What differs from run to run and from machine to machine.
VARYING = (
    (re.compile(r"\b[0-9a-f]{8,40}\b"), "KEY"),
    (re.compile(r"\b\d[\d.,]*\s?(?:ms|s|min|h|[KMG]i?B)\b"), "AMOUNT"),
)
# What trainings decide: numbers, verdicts, and what is said of them.
DECIDED = (
    (re.compile(r"; furthest off is.*?points", re.DOTALL), ""),
    (re.compile(r"\n +it depends on the rule:.*?side by side$", re.DOTALL | re.MULTILINE), ""),
    (re.compile(r"[-+\N{MINUS SIGN}]?\d[\d.,]*"), "#"),
    (re.compile(r"^( +)(?:holds|fails) ", re.MULTILINE), r"\1ANSWER "),
    (re.compile(r"[✓✗]"), "CASE"),
    (re.compile(r"(?<=\S) +"), " "),
)


@frozen
class Block:
    """What stands between two fences."""

    language: str
    text: str


@frozen
class Typed:
    """A command line, and what a page shows that it prints."""

    line: str  # without its comment
    printed: str | None = None  # None: the page does not say

    @property
    def words(self) -> list[str]:
        """Those after `ticketrun`; of a target of the Makefile, in the words of that."""
        line = self.line
        if line.startswith("make "):
            recipe = re.search(rf"^{line.split()[1]}:.*\n\t.*?(ticketrun .+)$", MAKEFILE, re.MULTILINE)
            assert recipe is not None, f"{line} is no run of ticketrun"
            line = recipe[1].replace("$(DEMO)", "build/demo")
        name, *words = shlex.split(line)
        assert name == "ticketrun", f"nothing is known of {line}"
        return words


MAKEFILE = (ROOT / "Makefile").read_text()


def blocks(page: Path, *languages: str) -> list[Block]:
    """Those of these languages, in order; all of them where none is named."""
    found = [Block(block["language"], block["text"]) for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def typed(page: Path) -> list[Typed]:
    """What a page has its reader type, in order: lines of `sh`, and lines of `console` that begin with `$`."""
    return [found for block in blocks(page, "sh", "console") for found in _typed_in(block)]


def _typed_in(block: Block) -> Iterator[Typed]:
    if block.language == "sh":
        yield from (Typed(line) for line in map(_without_comment, block.text.splitlines()) if line)
        return
    before, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not before, f"an output without its command: {before}"
    for part in parts:
        line, _, printed = part.partition("\n")
        yield Typed(_without_comment(line), printed.strip("\n") or None)


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s+)#.*", "", line)


def commands(page: Path) -> list[list[str]]:
    """The words of each command line of `ticketrun`, its name left out."""
    return [found.words for found in typed(page) if found.line.startswith("ticketrun ")]


def prints(answer: str, shown: str, *, shape_only: bool = False) -> bool:
    """Whether a program prints what a page shows of it, wherever lines are broken; `...` stands for any other lines.

    Args:
        shape_only: whatever the numbers are, and what they decide.
    """
    there = _plain(answer, shape_only).split()
    begin = 0
    for stretch in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE):
        wanted = _plain(stretch.strip("\n"), shape_only).split()
        places = range(begin, len(there) - len(wanted) + 1)
        begin = next((place + len(wanted) for place in places if there[place : place + len(wanted)] == wanted), -1)
        if begin < 0:
            return False
    return True


def _plain(text: str, shape_only: bool) -> str:
    for pattern, said in (*VARYING, *(DECIDED if shape_only else ())):
        text = pattern.sub(said, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))
