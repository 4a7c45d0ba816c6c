"""A report for the terminal: rich renderables, returned and never printed. A table too wide is narrowed, then cut."""

from collections.abc import Iterator, Sequence

from attrs import define, evolve
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from ticketlang.plain import plain

from ...verdicts import Verdict
from ..blocks import Block, Column, Entry, Judgement, Listing, Prose, Report, Table, Tone
from .narrowing import INDENT, broken, narrower, pieces

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
    if report.problems:
        yield Text()


def _rendered(block: Block) -> RenderableType:
    match block:
        case Prose(text, is_warning):
            return Text.assemble(("warning", "bold yellow"), ": " + plain(text)) if is_warning else Text(plain(text))
        case Listing(lines=lines):
            return Text("\n".join("".join(plain(piece.text) for piece in line) for line in lines))
        case Table():
            return _Fitting(block)
        case Judgement(verdict, cases):
            return (
                Group(_headline(verdict), Padding(_Fitting(cases), (0, 0, 0, 2))) if cases.rows else _headline(verdict)
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
class _Fitting:
    """A table as wide as there is room for: narrowed, and as a last resort going on below itself."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.table.title:
            yield Text(plain(self.table.title), style="bold")
        means: dict[str, None] = {}
        for number, table in enumerate(_fitted(self.table, options.max_width)):
            if number:
                yield Text()
            yield _grid(table, options.max_width)
            means |= dict.fromkeys(column.means for column in table.columns if column.means)
        coloured = (self.table.coloured,) if self.table.coloured and _has_colour(console, self.table) else ()
        for note in (*self.table.notes, *means, *self.table.further, *coloured):
            yield Padding(Text(plain(note), style="dim"), (0, 0, 0, NOTE), expand=False)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(options.max_width, 40), options.max_width)


def _has_colour(console: Console, table: Table) -> bool:
    """Whether some entry stands out, and in a colour that is seen."""
    is_coloured = console.color_system is not None and not console.no_color
    return is_coloured and any(entry.tone == "good" for row in table.rows for entry in row)


def _fitted(table: Table, width: int) -> Iterator[Table]:
    """The table in the roomiest form that fits, its names broken if need be; or it is cut between columns."""
    for each in narrower(table):
        table = each
        if sum(_widths(table)) <= width + GAP:
            break
    else:
        first, *others = _widths(table)
        if _room_for_names(table, width) < max(_longest_pieces(table)):
            yield from _cut(table, width + GAP - first, others)
            return
    yield table


def _cut(table: Table, room: int, widths: Sequence[int]) -> Iterator[Table]:
    """Which columns stand side by side, the first one repeated: as many as there is room for, but at least one."""
    part, used = [0], 0
    for index, its in enumerate(widths, start=1):
        if len(part) > 1 and used + its > room:
            yield _part(table, part)
            part, used = [0], 0
        part.append(index)
        used += its
    yield _part(table, part)


def _part(table: Table, indices: Sequence[int]) -> Table:
    return evolve(
        table,
        columns=tuple(table.columns[index] for index in indices),
        rows=tuple(tuple(row[index] for index in indices) for row in table.rows),
    )


def _room_for_names(table: Table, width: int) -> int:
    """What the other columns leave to the first one."""
    return width - sum(_widths(table)[1:])


def _longest_pieces(table: Table) -> Iterator[int]:
    """Of each name in the first column, and of its heading, how wide what cannot be broken is."""
    for name in (table.columns[0].name, *(row[0].text for row in table.rows)):
        yield INDENT + max(Text(plain(piece)).cell_len for piece in pieces(name))


def _widths(table: Table) -> list[int]:
    """Of each column, with the gap after it."""
    return [
        GAP + max([Text(plain(column.name)).cell_len, *(_text(row[index], room).cell_len for row in table.rows)])
        for (index, column), room in zip(enumerate(table.columns), _rooms_for_marks(table), strict=True)
    ]


def _rooms_for_marks(table: Table) -> list[int]:
    """Columns that are kept for signs beside a number, so that the numbers stay in line."""
    return [max((len(row[index].mark) for row in table.rows), default=0) for index in range(len(table.columns))]


def _grid(table: Table, width: int) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for column in table.columns:
        _add_column(grid, column)
    rooms, names = _rooms_for_marks(table), max(_room_for_names(table, width), max(_longest_pieces(table)))
    for first, *others in table.rows:
        named = evolve(first, text=broken(first.text, names))
        grid.add_row(*(_text(entry, room) for entry, room in zip((named, *others), rooms, strict=True)))
    return grid


def _add_column(grid: Grid, column: Column) -> None:
    grid.add_column(Text(plain(column.name)), justify="right" if column.is_number else "left", overflow="fold")


def _text(entry: Entry, room: int) -> Text:
    return Text(plain(entry.text), style=STYLES[entry.tone]).append(entry.mark.ljust(room), style="bold yellow")
