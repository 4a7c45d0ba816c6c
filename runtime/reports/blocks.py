"""What a report is made of, whatever it is shown in: sections of prose, tables and verdicts."""

from collections.abc import Mapping
from typing import Literal

from attrs import evolve, field, frozen

from ticketlang.jobs import JobKey

from ..verdicts import Verdict
from .drawings import Drawing
from .row import Row

Tone = Literal["plain", "good", "bad", "faint"]


@frozen
class Entry:
    """One place of a table."""

    text: str
    mark: str = ""  # a sign that a footnote explains
    tone: Tone = "plain"
    about: str = ""  # the condition whose runs the number rests on, by its name: `imp/mlm@70%/qnli`


MISSING = Entry("\N{EN DASH}", tone="faint")


@frozen
class Column:
    """A column's heading, and what is in it."""

    name: str
    is_number: bool = True  # numbers stand on the right
    is_extra: bool = False  # left out where there is no room for it
    under: str = ""  # an earlier column, below which it stands where there is no room beside it
    means: str = ""  # told below the table wherever the column is shown


@frozen(kw_only=True)
class Table:
    """Rows of entries. The first column says what a row is about."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...] = ()  # below the table: what the marks mean, and what the numbers are
    coloured: str = ""  # what the colour of some entries means, told where there is colour
    drawing: Drawing | None = None  # the same numbers as a picture, for writers that can draw
    see: str = ""  # the section that shows it at length, by its title
    or_else: str = ""  # told in place of that where there is no such section
    is_detail: bool = False  # not what its section is about: writers may fold it away
    beside: "Table | None" = None  # what somebody else found at the same places, for writers that have the room

    @property
    def told(self) -> tuple[str, ...]:
        """All that is told below it where every column is shown."""
        return (*self.notes, *(column.means for column in self.columns if column.means), *self.further)

    @property
    def further(self) -> tuple[str, ...]:
        """Where there is more to read."""
        said = f"see the section {self.see}" if self.see else self.or_else
        return (said,) if said else ()


@frozen
class Prose:
    """A paragraph."""

    text: str
    is_warning: bool = False


@frozen
class Judgement:
    """A claim with its verdict and the cases it rests on."""

    verdict: Verdict
    cases: Table


@frozen
class Piece:
    """A part of a line, and what it is there: `comment`, `string`, `number`, `field`, `word`, `sign`, or `space`."""

    kind: str
    text: str


@frozen(kw_only=True)
class Listing:
    """A text that is shown as it was written."""

    title: str
    lines: tuple[tuple[Piece, ...], ...]


Block = Prose | Table | Judgement | Listing


@frozen(kw_only=True)
class Section:
    """One thing a report has to say."""

    title: str
    blocks: tuple[Block, ...]


def pointing(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Sections whose cases point at none but these."""
    titles = {section.title for section in sections}

    def pointed(block: Block) -> Block:
        if not isinstance(block, Judgement) or block.cases.see in titles:
            return block
        return evolve(block, cases=evolve(block.cases, see=""))

    return tuple(evolve(section, blocks=tuple(map(pointed, section.blocks))) for section in sections)


@frozen(kw_only=True)
class Run:
    """One run of a condition."""

    cell: str  # as people type it: `imp/mlm@70%/qnli/seed=3`
    key: JobKey
    score: float | None  # a fraction; None: it is not done


@frozen(kw_only=True)
class Report:
    """Everything a study has to say so far."""

    study: str
    question: str | None
    sections: tuple[Section, ...]
    problems: tuple[str, ...] = ()  # results that are stored and could not be read
    appendix: tuple[Section, ...] = ()
    runs: Mapping[str, tuple[Run, ...]] = field(factory=dict)  # of every condition, by its name
    rows: tuple[Row, ...] = ()  # every number there is, and every one that is missing
    done: int = 0  # cells that have a number
    asked: int = 0  # cells of the study
    summary: tuple[tuple[str, str], ...] = ()  # the model, the seeds and the like: what it is, and which one
    show: str = ""  # the command that shows a cell, whose name follows it

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block.verdict for block in blocks if isinstance(block, Judgement))
