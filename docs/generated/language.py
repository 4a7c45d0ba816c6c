"""The pages of the language beside its vocabulary: its grammar, what ships, and what each complaint means."""

from itertools import groupby
from pathlib import Path

import ticketlang
from ticketlang.diagnostics.explained import Explanation, explanations, title_of

from .markdown import fenced

SOURCES = Path(ticketlang.__file__).parent


def grammar() -> str:
    text = (SOURCES / "grammar.lark").read_text(encoding="utf-8")
    return (
        "# Grammar\n\nWhat a file of the language is made of, in the notation of"
        " [Lark](https://lark-parser.readthedocs.io). Which words open a statement, and what may follow them, is in the"
        f" [vocabulary](vocabulary.md).\n\n{fenced(text)}"
    )


def libraries() -> str:
    shipped = sorted((SOURCES / "library").glob("*.ticket"))
    return "\n".join(
        [
            "# Libraries\n\nFiles that ship, for `use NAME`; those of `baselines` are in sight of every study.\n",
            *(f"## {file.stem}\n\n{fenced(file.read_text(encoding='utf-8'), 'ticket')}" for file in shipped),
        ]
    )


def diagnostics() -> str:
    parts = [
        "# Diagnostics\n\nWhat each code in `error[CODE]` or `warning[CODE]` means. `ticketrun explain CODE` says the"
        " same in a terminal.\n"
    ]
    for page, group in groupby(explanations(), key=lambda explanation: explanation.page):
        parts += [f"## {title_of(page)}\n", *map(_explained, group)]
    return "\n".join(parts)


def _explained(explanation: Explanation) -> str:
    parts = [f"### {explanation.code}\n\n{explanation.text}\n"]
    for example in explanation.examples:
        where = "" if example.place in {"file", "spec", "alone"} else f", in a {example.place}"
        parts.append(f"{example.kind.capitalize()}{where}:\n\n{fenced(example.shown, 'ticket')}")
    return "\n".join(parts)
