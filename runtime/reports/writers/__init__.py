"""Writers turn a report into what people and programs read: text for terminals, pages, papers and data."""

from collections.abc import Callable

from ..blocks import Report


def content_for(suffix: str, report: Report) -> bytes:
    """What a file of a name that ends so holds.

    Raises:
        ValueError: no writer writes such files.
    """
    writers: dict[str, Callable[[Report], bytes]] = {
        ".html": _html,
        ".csv": _csv,
        ".json": _json,
        ".md": _markdown,
        ".parquet": _parquet,
    }
    if suffix not in writers:
        raise ValueError(f"a report is written as {', '.join(writers)}, and not as `{suffix}`")
    return writers[suffix](report)


def _html(report: Report) -> bytes:
    from .html import html_page

    return html_page(report).encode()


def _markdown(report: Report) -> bytes:
    from .markdown import markdown_report

    return markdown_report(report).encode()


def _csv(report: Report) -> bytes:
    from .data import csv_rows

    return csv_rows(report).encode()


def _json(report: Report) -> bytes:
    from .data import json_report

    return json_report(report).encode(errors="backslashreplace")


def _parquet(report: Report) -> bytes:
    from .data import parquet_rows

    return parquet_rows(report)
