"""What a report is made of, whatever it is shown in: sections of prose, tables and verdicts."""

from typing import Literal

from attrs import frozen

from ..verdicts import Verdict

Tone = Literal["plain", "good", "bad", "faint"]


@frozen
class Entry:
    """One place of a table."""

    text: str
    mark: str = ""  # a sign that a footnote explains
    tone: Tone = "plain"


MISSING = Entry("\N{EN DASH}", tone="faint")


@frozen
class Column:
    """A column's heading, and what is in it."""

    name: str
    is_number: bool = True  # numbers stand on the right
    is_extra: bool = False  # left out where there is no room for it


@frozen(kw_only=True)
class Table:
    """Rows of entries. The first column says what a row is about."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...] = ()  # below the table: what the marks mean, and what the numbers are


@frozen
class Prose:
    """A paragraph."""

    text: str


@frozen
class Judgement:
    """A claim with its verdict and the cases it rests on."""

    verdict: Verdict
    cases: Table


Block = Prose | Table | Judgement


@frozen(kw_only=True)
class Section:
    """One thing a report has to say."""

    title: str
    blocks: tuple[Block, ...]


@frozen(kw_only=True)
class Report:
    """Everything a study has to say so far."""

    study: str
    question: str | None
    sections: tuple[Section, ...]
    problems: tuple[str, ...] = ()  # results that are stored and could not be read
