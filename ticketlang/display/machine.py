"""What a check found, for programs: the same values as a terminal shows, with exact positions."""

import json
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from ..diagnostics import Diagnostic
from ..plain import plain
from ..source import Source, Span
from ..study import Study


@frozen
class Answer:
    """What was found of one spec."""

    source: Source
    study: Study | None  # None: it has mistakes
    diagnostics: tuple[Diagnostic, ...] = ()
    unreadable: str | None = None  # why the file could not be read


def concise(diagnostic: Diagnostic) -> str:
    """One line, as editors and grep read it: FILE:LINE:COLUMN: error[CODE]: MESSAGE."""
    return plain(f"{diagnostic.at}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}")


def as_json(answers: Sequence[Answer]) -> str:
    """One document for all specs."""
    return json.dumps([_spec(answer) for answer in answers], indent=2, ensure_ascii=False)


def _spec(answer: Answer) -> dict[str, Any]:
    return {
        "file": answer.source.name,
        "ok": answer.study is not None,
        "study": answer.study.name if answer.study is not None else None,
        "unreadable": answer.unreadable,
        "diagnostics": [_diagnostic(found) for found in answer.diagnostics],
    }


def _diagnostic(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "label": found.label_text,
        "note": found.note,
        "help": found.help_text,
        "at": _place(found.at),
        "seconds": [{"at": _place(span), "label": label} for span, label in found.seconds],
    }


def _place(span: Span) -> dict[str, Any]:
    """Lines and columns from 1, in characters; offsets from 0, in bytes of UTF-8 (a mark at the start left out)."""
    return {
        "file": span.source.name,
        "start": _position(span.source, span.start),
        "end": _position(span.source, span.stop),
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.line_and_column(offset)
    return {"line": line, "column": column, "byte": len(source.text[:offset].encode("utf-8", errors="surrogatepass"))}
