"""A report for the terminal: rich renderables, returned and never printed. A table too wide is cut between columns."""

from collections.abc import Iterator

from attrs import define
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from ticketlang.plain import plain

from ...verdicts import Verdict
from ..blocks import Block, Column, Entry, Judgement, Listing, Prose, Report, Table, Tone

STYLES: dict[Tone, str] = {"plain": "", "good": "green", "bad": "red", "faint": "dim"}
ANSWERS = {"holds": "bold green", "fails": "bold red", "not enough runs": "bold yellow", "no result yet": "bold yellow"}
GAP = 2  # blanks between columns
NOTE = 2  # blanks before what is told below a table, so that it is no further row


def terminal_report(report: Report) -> Iterator[RenderableType]:
    """The parts of a report, in order, each to be printed."""
    for section in report.sections:
        yield Text(plain(section.title), style="bold underline")
        for block in section.blocks:
            yield Text()
            yield _rendered(block)
        yield Text()
    for problem in report.problems:
        yield Text.assemble(("note", "bold yellow"), f" {plain(problem)}")


def _rendered(block: Block) -> RenderableType:
    match block:
        case Prose(text, is_warning):
            return Text.assemble(("warning", "bold yellow"), ": " + plain(text)) if is_warning else Text(plain(text))
        case Listing(lines=lines):
            return Text("\n".join("".join(plain(piece.text) for piece in line) for line in lines))
        case Table():
            return _Folding(block)
        case Judgement(verdict, cases):
            return (
                Group(_headline(verdict), Padding(_Folding(cases), (0, 0, 0, 2))) if cases.rows else _headline(verdict)
            )


def _headline(verdict: Verdict) -> RenderableType:
    """The answer on the left, where the eye runs down; the claim and the summary beside it."""
    claim = verdict.claim
    said = Text.assemble((plain(claim.name), "bold"), f": {plain(claim.sentence)}\n", (plain(verdict.summary), "dim"))
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(justify="right", width=max(map(len, ANSWERS)))
    grid.add_column()
    grid.add_row(Text(verdict.answer, style=ANSWERS[verdict.answer]), said)
    return grid


@define
class _Folding:
    """A table that goes on below itself where the terminal is too narrow, its first column repeated."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.table.title:
            yield Text(plain(self.table.title), style="bold")
        shown: list[int] = []
        for columns in self._parts(options.max_width):
            if shown:
                yield Text()
            yield self._grid((0, *columns))
            shown += columns
        means = dict.fromkeys(filter(None, (self.table.columns[index].means for index in (0, *shown))))
        for note in (*self.table.notes, *means):
            yield Padding(Text(plain(note), style="dim"), (0, 0, 0, NOTE), expand=False)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(options.max_width, 40), options.max_width)

    def _parts(self, width: int) -> Iterator[tuple[int, ...]]:
        """Which columns stand side by side, the first one apart: as many as there is room for, but at least one."""
        widths = {index: GAP + self._width(index) for index in range(len(self.table.columns))}
        room = width + GAP - widths.pop(0)
        if sum(widths.values()) > room:
            widths = {index: its for index, its in widths.items() if not self.table.columns[index].is_extra}
        while widths:
            part: list[int] = []
            used = 0
            for index, its in widths.items():
                if part and used + its > room:
                    break
                part.append(index)
                used += its
            yield tuple(part)
            widths = {index: its for index, its in widths.items() if index not in part}

    def _width(self, index: int) -> int:
        room = self._room_for_marks(index)
        texts = [_text(row[index], room).cell_len for row in self.table.rows]
        return max([Text(plain(self.table.columns[index].name)).cell_len, *texts])

    def _room_for_marks(self, index: int) -> int:
        """Columns that are kept for signs beside a number, so that the numbers stay in line."""
        return max((len(row[index].mark) for row in self.table.rows), default=0)

    def _grid(self, columns: tuple[int, ...]) -> Grid:
        grid = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
        for index in columns:
            _add_column(grid, self.table.columns[index])
        room = {index: self._room_for_marks(index) for index in columns}
        for row in self.table.rows:
            grid.add_row(*(_text(row[index], room[index]) for index in columns))
        return grid


def _add_column(grid: Grid, column: Column) -> None:
    grid.add_column(Text(plain(column.name)), justify="right" if column.is_number else "left", overflow="fold")


def _text(entry: Entry, room: int) -> Text:
    return Text(plain(entry.text), style=STYLES[entry.tone]).append(entry.mark.ljust(room), style="bold yellow")
