"""What a study does otherwise than the paper."""

from collections.abc import Iterator

from ..blocks import MISSING, Block, Column, Entry, Prose, Table
from ..written import Written

PAPER = "Chen et al. 2020"


def changes(written: Written | None) -> Iterator[Block]:
    if written is None or written.changes is None:
        return
    if not written.changes:
        yield Prose(f"Its tasks and tickets are those of {PAPER}, field by field.")
        return
    yield Prose(
        f"Field by field against the protocol of {PAPER} as `use chen2020` has it. Tasks that the paper does not have"
        " are compared with nothing."
    )
    yield Table(
        title="",
        columns=tuple(Column(name, is_number=False) for name in ("where", "field", "in the paper", "here")),
        rows=tuple((Entry(c.place or "study"), Entry(c.field), _said(c.there), _said(c.here)) for c in written.changes),
    )


def _said(text: str | None) -> Entry:
    return MISSING if text is None else Entry(text)
