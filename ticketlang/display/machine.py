"""What a check found, for programs: the same values as a terminal shows, with exact positions."""

import json
from collections.abc import Mapping
from typing import Any

from ..diagnostics import Diagnostic
from ..pipeline import Checked
from ..plain import plain
from ..source import Source, Span


def concise(diagnostic: Diagnostic) -> str:
    """One line, as editors and grep read it: FILE:LINE:COLUMN: error[CODE]: MESSAGE."""
    return plain(f"{diagnostic.at}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}")


def as_json(answers: Mapping[str, Checked | str]) -> str:
    """One document for all specs: what was found in each file, or why it could not be read."""
    return json.dumps([_spec(name, answer) for name, answer in answers.items()], indent=2, ensure_ascii=False)


def _spec(name: str, answer: Checked | str) -> dict[str, Any]:
    study = None if isinstance(answer, str) else answer.study
    return {
        "file": name,
        "ok": study is not None,
        "study": None if study is None else study.name,
        "unreadable": answer if isinstance(answer, str) else None,
        "diagnostics": [] if isinstance(answer, str) else [_diagnostic(found) for found in answer.diagnostics],
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
        "fix": [{"at": _place(edit.at), "text": edit.text} for edit in found.fix],
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
