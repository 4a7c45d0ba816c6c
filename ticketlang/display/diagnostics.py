"""Diagnostics as people read them: the sentence, the place with its line, and the way out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap

from attrs import frozen
from rich.cells import cell_len
from rich.text import Text

from ..diagnostics import Diagnostic
from ..plain import plain
from ..source import Span

STYLES = {"error": "bold red", "warning": "bold yellow"}
WIDEST = 160  # cells of a line of the spec, where nothing else says how many there are
TAB = "    "


def diagnostics_view(name: str, diagnostics: Sequence[Diagnostic], width: int | None = None) -> Iterator[Text]:
    """All complaints about a spec, and how many there are.

    Args:
        width: cells of the terminal; None: sentences are not broken, for what reads them may look for them.
    """
    for diagnostic in diagnostics:
        yield diagnostic_view(diagnostic, width)
        yield Text()
    yield summary(name, diagnostics)


def summary(name: str, diagnostics: Sequence[Diagnostic]) -> Text:
    """`specs/universal.ticket: 2 errors, 1 warning; `ticketrun validate --fix` mends 1`."""
    counts = Counter[str](diagnostic.severity for diagnostic in diagnostics)
    parts = (f"{counts[severity]} {severity}{'s' * (counts[severity] > 1)}" for severity in STYLES if counts[severity])
    style = STYLES["error"] if counts["error"] else STYLES["warning"]
    fixable = sum(bool(diagnostic.fix) and diagnostic.at.source.name == name for diagnostic in diagnostics)
    way_out = f"; `ticketrun validate --fix` mends {fixable}" if fixable else ""
    return Text.assemble(f"{plain(name)}: ", (", ".join(parts), style), way_out)


def diagnostic_view(diagnostic: Diagnostic, width: int | None = None) -> Text:
    """One complaint, in as many lines as it takes."""
    style = STYLES[diagnostic.severity]
    gutter = max(len(str(span.line_and_column[0])) for span in (diagnostic.at, *(s for s, _ in diagnostic.seconds)))
    lines = [
        *_sentence(f"{diagnostic.severity}[{diagnostic.code}]: ", style, diagnostic.message, width, "bold"),
        *_excerpt(Underlined(diagnostic.at, "^", diagnostic.label_text, style), "-->", gutter, width),
    ]
    for span, label in diagnostic.seconds:
        lines += _excerpt(Underlined(span, "-", label, "blue"), ":::", gutter, width)
    ways_out = [(kind, text) for kind, text in (("note", diagnostic.note), ("help", diagnostic.help_text)) if text]
    if ways_out:
        lines.append(Text(f"{'':{gutter}} |", style="blue"))
    for kind, text in ways_out:
        lines += _sentence(f"{'':{gutter}} = {kind}: ", "bold", text, width)
    return Text("\n").join(lines)


@frozen
class Underlined:
    """A place, and what is drawn under it."""

    at: Span
    mark: str
    label: str
    style: str


def _sentence(head: str, head_style: str, sentence: str, width: int | None, style: str = "") -> Iterator[Text]:
    """A sentence after its head, broken at words where the line is short."""
    said = plain(sentence)
    room = len(head) + len(said) if width is None else max(width, 40)
    indent = " " * min(len(head), 10)
    first, *rest = wrap(head + said, room, subsequent_indent=indent, break_on_hyphens=False) or [head]
    yield Text.assemble((first[: len(head)], head_style), (first[len(head) :], style))
    yield from (Text(line, style=style) for line in rest)


def _excerpt(place: Underlined, arrow: str, gutter: int, width: int | None) -> Iterator[Text]:
    """The line of a place with the place underlined."""
    line, column = place.at.line_and_column
    text = place.at.source.line_text(line)
    start = column - 1
    stop = min(max(start + len(place.at.text), start + 1), max(len(text), start + 1))
    before, marked, after = _shown(text[:start]), _shown(text[start:stop]), _shown(text[stop:])
    room = (WIDEST if width is None else max(width, 40)) - gutter - 3
    before, marked, after = _cropped(before, marked, after, room)
    yield Text.assemble((f"{'':{gutter}}{arrow} ", "blue"), f"{plain(place.at.source.name)}:{line}:{column}")
    yield Text(f"{'':{gutter}} |", style="blue")
    yield Text.assemble((f"{line:>{gutter}} | ", "blue"), before + marked + after)
    indent, marks = " " * cell_len(before), place.mark * max(cell_len(marked), 1)
    label = plain(place.label)
    fits = cell_len(before) + len(marks) + 1 + cell_len(label) <= room
    under = f"{indent}{marks} {label}".rstrip() if fits else indent + marks
    yield Text.assemble((f"{'':{gutter}} | ", "blue"), (under, place.style))
    if label and not fits:
        for part in wrap(label, room):
            yield Text.assemble((f"{'':{gutter}} | ", "blue"), (part, place.style))


def _shown(text: str) -> str:
    return plain(text.replace("\t", TAB))


def _cropped(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """As much of a line as fits, the marked part first of all."""
    if cell_len(before + marked + after) <= room:
        return before, marked, after
    marked = _head(marked, room - 2)
    # What stands before the place says more than what comes after: it gets two thirds of what is left.
    left = max((room - cell_len(marked)) * 2 // 3, room - cell_len(marked) - cell_len(after))
    before = _tail(before, left)
    return before, marked, _head(after, room - cell_len(before) - cell_len(marked))


def _head(text: str, cells: int) -> str:
    """The beginning of a text, with a sign where it was cut."""
    if cell_len(text) <= cells:
        return text
    text = text[: max(cells, 0)]
    while text and cell_len(text) > cells - 1:
        text = text[:-1]
    return text + "…" if cells > 0 else ""


def _tail(text: str, cells: int) -> str:
    return _head(text[::-1], cells)[::-1]
