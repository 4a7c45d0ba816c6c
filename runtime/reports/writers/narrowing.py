"""What becomes of a table that is wider than there is room for: tables again, each a little narrower."""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve

from ..blocks import Entry, Table

JOINT = re.compile(r"(?<=[/+ ])(?! )|(?<=\.)(?=[a-z_])|(?=@)")  # where a name of a cell may go on in the next line
WORDS = re.compile(r"(?<=_)(?=[^_])")
INDENT = 2  # blanks before a name that stands below another


def narrower(table: Table) -> Iterator[Table]:
    """The table itself, and what says the same, or all but its extras, in less width; the last one is the narrowest."""
    yield table
    yield without_extras(table)
    if any(column.under for column in table.columns):
        yield stacked(table)
        yield stacked(without_extras(table))


def without_extras(table: Table) -> Table:
    """Its columns but for those that may be left out."""
    kept = [index for index, column in enumerate(table.columns) if not column.is_extra]
    return evolve(
        table,
        columns=tuple(table.columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
    )


def stacked(table: Table) -> Table:
    """Two lines for each row: below an entry stands that of the column which says it may."""
    upper = [index for index, column in enumerate(table.columns) if not column.under]

    def below(row: Sequence[Entry]) -> tuple[Entry, ...]:
        found = lower(table, row)
        first, *others = (found.get(index, Entry("")) for index in upper)
        return (evolve(first, text=f"{' ' * INDENT}{first.text}"), *others)

    return evolve(
        table,
        columns=tuple(table.columns[index] for index in upper),
        rows=tuple(line for row in table.rows for line in (tuple(row[index] for index in upper), below(row))),
    )


def lower(table: Table, row: Sequence[Entry]) -> Mapping[int, Entry]:
    """What stands below entries of a row, by their index: with the name of its column, where that is another."""
    names = [column.name for column in table.columns]
    found = {}
    for column, entry in zip(table.columns, row, strict=True):
        if column.under:
            said = entry.text if column.name == column.under else f"{column.name} {entry.text}"
            found[names.index(column.under)] = evolve(entry, text=said)
    return found


def pieces(name: str) -> list[str]:
    """The parts of a name that stay whole: `random_init.imp/mlm@70%/qnli` has five."""
    return JOINT.split(name)


def parts(name: str) -> list[str]:
    """The same for a page, whose columns may be narrower than any terminal: words apart, too, `random_` and `init.`."""
    return [part for piece in pieces(name) for part in WORDS.split(piece)]


def broken(name: str, width: int) -> str:
    """A name over as many lines as it takes, broken between its parts; a part that is too long stays whole."""
    lines = [""]
    for piece in pieces(name):
        if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
            lines.append(" " * INDENT)
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
