"""The manual of the diagnostics: for each code what it means, and a wrong and a right example."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from attrs import frozen

FOLDER = Path(__file__).parent / "manual"
PAGES = ("writing", "naming", "saying", "meaning", "reading")  # in the order in which a spec is looked at
SECTION = re.compile(r"^## (?P<code>[\w-]+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```ticket (?P<kind>wrong|right) (?P<place>\w+)\n(?P<text>.*?)^```\n", re.MULTILINE | re.DOTALL)


@frozen
class Example:
    """A few lines of a spec."""

    kind: Literal["wrong", "right"]
    place: str  # where they stand: in a task, a ticket, a study, a claim or a file
    text: str

    @property
    def shown(self) -> str:
        """The same for people to see: what a reader could not tell from a blank is written as an escape, `\\t`."""
        signs = (sign if sign == "\n" or sign.isprintable() else repr(sign)[1:-1] for sign in self.text)
        return "".join(signs)


@frozen
class Explanation:
    """What a code means."""

    code: str
    page: str
    text: str
    examples: tuple[Example, ...]


def explanations() -> Iterator[Explanation]:
    """All of them, in the order of the manual."""
    for page in PAGES:
        for section in SECTION.finditer((FOLDER / f"{page}.md").read_text(encoding="utf-8")):
            examples = tuple(
                Example("wrong" if fence["kind"] == "wrong" else "right", fence["place"], fence["text"])
                for fence in FENCE.finditer(section["body"])
            )
            text = FENCE.sub("", section["body"]).strip()
            yield Explanation(section["code"], page, text, examples)


def title_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
