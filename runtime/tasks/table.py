"""Columns of a data file: json lines, json, csv, tsv, parquet or text, told apart by the end of its name."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # comes without types
import pyarrow.csv  # type: ignore[import-untyped]  # comes without types
import pyarrow.parquet  # type: ignore[import-untyped]  # comes without types
from attrs import frozen

TEXT = "text"  # the one column of a text file, whose rows are its lines

Read = Callable[[Path, Sequence[str]], "Table"]


class UnreadableFile(Exception):  # noqa: N818  # its name says what happened
    """A data file is not what its name says. Says why."""


class NoSuchColumn(Exception):  # noqa: N818  # as above
    """A data file lacks a column."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(columns)
        self.columns = columns  # that it has


@frozen(eq=False)
class Table:
    """Columns by name, all of the same length; a value that is missing is None."""

    columns: dict[str, list[Any]]
    all_columns: tuple[str, ...]  # what else there would be

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


def read_table(path: Path, wanted: Sequence[str]) -> Table:
    """Read the wanted columns of a file, as far as they are there.

    Raises:
        UnreadableFile: with the reason, and the row where there is one.
    """
    read = READERS.get(path.suffix)
    if read is None:
        raise UnreadableFile(f"files ending in `{path.suffix}` are not read, only {', '.join(READERS)}")
    try:
        return read(path, wanted)
    except (OSError, UnicodeDecodeError, pa.ArrowException) as problem:
        raise UnreadableFile(str(problem).splitlines()[0]) from None


def stream_column(path: Path, column: str, longest: int) -> Iterator[Any]:
    """One column of a file, row by row; json lines, parquet and text without holding the others in memory.

    Args:
        longest: characters of a line of text; what is longer comes in pieces.

    Raises:
        UnreadableFile: with the reason, and the row where there is one.
        NoSuchColumn: if it has no such column.
    """
    stream = STREAMS.get(path.suffix)
    try:
        if stream is not None:
            yield from stream(path, column, longest)
            return
        table = read_table(path, (column,))
    except (OSError, UnicodeDecodeError, pa.ArrowException) as problem:
        raise UnreadableFile(str(problem).splitlines()[0]) from None
    if column not in table.columns:
        raise NoSuchColumn(table.all_columns)
    yield from table.columns[column]


def _stream_json_lines(path: Path, column: str, longest: int) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            value = _object(_parsed(line, number), number)
            if number == 1 and column not in value:
                raise NoSuchColumn(tuple(value))
            yield value.get(column)


def _stream_parquet(path: Path, column: str, longest: int) -> Iterator[Any]:
    file = pyarrow.parquet.ParquetFile(path)
    if column not in file.schema_arrow.names:
        raise NoSuchColumn(tuple(file.schema_arrow.names))
    for batch in file.iter_batches(batch_size=1000, columns=[column]):
        yield from batch.column(0).to_pylist()


def _stream_text(path: Path, column: str, longest: int) -> Iterator[str]:
    if column != TEXT:
        raise NoSuchColumn((TEXT,))
    with path.open(encoding="utf-8-sig") as file:
        while line := file.readline(longest):
            yield line.rstrip("\r\n")


def _json_lines(path: Path, wanted: Sequence[str]) -> Table:
    with path.open(encoding="utf-8-sig") as file:
        return _from_objects((_parsed(line, number) for number, line in enumerate(file, 1) if line.strip()), wanted)


def _json(path: Path, wanted: Sequence[str]) -> Table:
    value = _parsed(path.read_text(encoding="utf-8-sig"))
    if not isinstance(value, list):
        raise UnreadableFile("it is not a JSON list of objects")
    return _from_objects(value, wanted)


def _parsed(text: str, line: int | None = None) -> Any:
    """A text as JSON; `line` is its number where it is one of a file."""
    try:
        return json.loads(text.rstrip())
    except json.JSONDecodeError as problem:
        place = f"line {line or problem.lineno}, column {problem.colno}"
        raise UnreadableFile(f"{place} is not JSON: {problem.msg[0].lower()}{problem.msg[1:]}") from None
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(f"{'the file' if line is None else f'line {line}'} is not JSON: {problem}") from None


def _from_objects(objects: Iterable[Any], wanted: Sequence[str]) -> Table:
    columns: dict[str, list[Any]] = {name: [] for name in wanted}
    found: dict[str, None] = {}
    for row, value in enumerate(objects, start=1):
        found.update(dict.fromkeys(_object(value, row)))
        for name, column in columns.items():
            column.append(value.get(name))
    return Table({name: column for name, column in columns.items() if name in found}, tuple(found))


def _object(value: Any, row: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableFile(f"row {row} is not a JSON object")
    return value


def _text(path: Path, wanted: Sequence[str]) -> Table:
    with path.open(encoding="utf-8-sig") as file:
        lines = [line.rstrip("\r\n") for line in file if line.strip()]
    return Table({TEXT: lines} if TEXT in wanted else {}, (TEXT,))


def _separated(delimiter: str, quote: str | bool) -> Read:
    def read(path: Path, wanted: Sequence[str]) -> Table:
        # Everything is text here: a sentence such as `12` or `NA` must not become a number or nothing.
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        names = tuple(name.strip().strip('"') for name in header.rstrip("\r\n").split(delimiter))
        convert = pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in wanted if name in names}, strings_can_be_null=False
        )
        parse = pyarrow.csv.ParseOptions(delimiter=delimiter, quote_char=quote, newlines_in_values=bool(quote))
        return _from_arrow(pyarrow.csv.read_csv(path, parse_options=parse, convert_options=convert), wanted)

    return read


def _parquet(path: Path, wanted: Sequence[str]) -> Table:
    names = pyarrow.parquet.read_schema(path).names
    found = pyarrow.parquet.read_table(path, columns=[name for name in wanted if name in names])
    return Table(_from_arrow(found, wanted).columns, tuple(names))


def _from_arrow(table: pa.Table, wanted: Sequence[str]) -> Table:
    columns = {name: table.column(name).to_pylist() for name in wanted if name in table.column_names}
    return Table(columns, tuple(table.column_names))


# In tsv files quotes are text, as in those of GLUE.
READERS: dict[str, Read] = {
    ".jsonl": _json_lines,
    ".json": _json,
    ".csv": _separated(",", '"'),
    ".tsv": _separated("\t", False),
    ".parquet": _parquet,
    ".txt": _text,
}

STREAMS: dict[str, Callable[[Path, str, int], Iterator[Any]]] = {
    ".jsonl": _stream_json_lines,
    ".parquet": _stream_parquet,
    ".txt": _stream_text,
}
