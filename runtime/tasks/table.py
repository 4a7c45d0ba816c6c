"""Columns of a data file: json lines, json, csv, tsv or parquet, told apart by the end of its name."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # comes without types
import pyarrow.csv  # type: ignore[import-untyped]  # comes without types
import pyarrow.parquet  # type: ignore[import-untyped]  # comes without types
from attrs import frozen

Read = Callable[[Path, Sequence[str]], "Table"]


class UnreadableFile(Exception):  # noqa: N818  # its name says what happened
    """A data file is not what its name says. Says why."""


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


def _json_lines(path: Path, wanted: Sequence[str]) -> Table:
    with path.open(encoding="utf-8-sig") as file:
        return _from_objects(
            (_parsed(line, f"line {number}") for number, line in enumerate(file, 1) if line.strip()), wanted
        )


def _json(path: Path, wanted: Sequence[str]) -> Table:
    value = _parsed(path.read_text(encoding="utf-8-sig"), "the file")
    if not isinstance(value, list):
        raise UnreadableFile("it is not a JSON list of objects")
    return _from_objects(value, wanted)


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(f"{what} is not JSON: {problem}") from None


def _from_objects(objects: Iterable[Any], wanted: Sequence[str]) -> Table:
    columns: dict[str, list[Any]] = {name: [] for name in wanted}
    found: dict[str, None] = {}
    for row, value in enumerate(objects, start=1):
        if not isinstance(value, dict):
            raise UnreadableFile(f"row {row} is not a JSON object")
        found.update(dict.fromkeys(value))
        for name, column in columns.items():
            column.append(value.get(name))
    return Table({name: column for name, column in columns.items() if name in found}, tuple(found))


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
}
