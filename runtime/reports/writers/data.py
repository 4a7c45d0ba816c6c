"""A report as data: its rows as CSV and Parquet, and all that it says as JSON."""

import csv
import json
from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, assert_never

from attrs import asdict, fields

from ...verdicts import Case, Verdict
from ..blocks import Block, Entry, Judgement, Listing, Prose, Report, Section, Table
from ..row import COLUMNS, Row

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # comes without types

FORMAT = 1  # of the JSON; rises when a name in it changes its meaning


def csv_rows(report: Report) -> str:
    """A line for each number. What is not known is empty; scores are fractions, with every digit they have."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in _values(row)] for row in report.rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _values(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in COLUMNS)


def parquet_rows(report: Report) -> bytes:
    """The same, each column with its type, also where all of it is unknown."""
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # comes without types

    columns = {name: [getattr(row, name) for row in report.rows] for name in COLUMNS}
    schema = pa.schema([(name, kind) for name, kind in arrow_types().items()])
    file = BytesIO()
    pq.write_table(pa.table(columns, schema=schema), file)
    return file.getvalue()


def arrow_types() -> "Mapping[str, pa.DataType]":
    """The type of each column, from those of `Row`."""
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    return {field.name: kinds[_plain_type(field.type)] for field in fields(Row)}


def _plain_type(declared: Any) -> str:
    """`str` of `str` and of `str | None`."""
    return declared.__name__ if isinstance(declared, type) else str(declared).partition(" ")[0]


def json_report(report: Report) -> str:
    """Everything: verdicts with their numbers, tables with what they are drawn from, and the rows beneath."""
    value = {
        "format": FORMAT,
        "study": report.study,
        "question": report.question,
        "summary": dict(report.summary),
        "done": report.done,
        "asked": report.asked,
        "problems": list(report.problems),
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "sections": [_section(section) for section in report.sections],
        "appendix": [_section(section) for section in report.appendix],
        "rows": [dict(zip(COLUMNS, _values(row), strict=True)) for row in report.rows],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _section(section: Section) -> dict[str, Any]:
    return {"title": section.title, "blocks": [_block(block) for block in section.blocks]}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Prose(text):
            return {"is": "prose", "text": text}
        case Table():
            return _table(block)
        case Judgement(verdict, cases):
            return {"is": "judgement", "claim": verdict.claim.name, "cases": _table(cases)}
        case Listing(title=title, lines=lines):
            return {"is": "listing", "title": title, "text": block_text(lines)}
    assert_never(block)


def block_text(lines: tuple[tuple[Any, ...], ...]) -> str:
    """The text of a listing."""
    return "".join("".join(piece.text for piece in line) + "\n" for line in lines)


def _table(table: Table) -> dict[str, Any]:
    drawing = None
    if table.drawing is not None:
        drawing = {"is": type(table.drawing).__name__.lower(), **asdict(table.drawing)}
    return {
        "is": "table",
        "title": table.title,
        "columns": [column.name for column in table.columns],
        "rows": [[_entry(entry) for entry in row] for row in table.rows],
        "notes": [*table.notes, *table.further],
        "drawing": drawing,
        "beside": None if table.beside is None else _table(table.beside),
    }


def _entry(entry: Entry) -> dict[str, str]:
    """What is as usual is left out."""
    said = {"text": entry.text, "mark": entry.mark, "tone": entry.tone, "about": entry.about}
    return {name: value for name, value in said.items() if name == "text" or value not in {"", "plain"}}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "claim": verdict.claim.name,
        "sentence": verdict.claim.sentence,
        "answer": verdict.answer,
        "summary": verdict.summary,
        "cases": [case_row(case) for case in verdict.cases],
    }


def case_row(case: Case) -> dict[str, Any]:
    """One comparison in numbers: fractions, as rows have them."""
    left, right, interval = case.left_average, case.right_average, case.interval
    return {
        "case": case.left.name,
        "against": case.right.name if case.right else None,
        "answer": case.answer,
        "score": left.mean if left else None,
        "score_sd": left.sd if left else None,
        "runs": left.n if left else 0,
        "other_score": right.mean if right else None,
        "other_sd": right.sd if right else None,
        "other_runs": right.n if right else 0,
        "difference": case.difference,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "bound": case.bound,
        "tolerance": case.tolerance,
    }
