"""The parts of a text of the language, named as colours go by: for pages that show a spec."""

from collections.abc import Iterator

from .grammar import table

KINDS = {
    "COMMENT": "comment",
    "STRING": "string",
    "OPEN_STRING": "string",
    "NUMBER": "number",
    "PERCENT": "number",
    "RATIO": "number",
    "WORD": "word",
    "UNREADABLE": "word",
    "SPACE": "space",
}
OPENERS = frozenset({"{", "\n", ";"})  # after which a statement begins, and a list that goes on does not


def highlighted(text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Line by line the parts of a text, each with its kind; together they are the text.

    Kinds are those of `KINDS`, `field` for the word that a statement begins with, and `sign` for what is left.
    """
    line: list[tuple[str, str]] = []
    last = "\n"  # but for blanks and comments
    for found in table().pieces.finditer(text):
        piece = found.group()
        if piece == "\n":
            yield tuple(line)
            line = []
            last = last if last == "," else piece
            continue
        kind = KINDS.get(found.lastgroup or "", "sign")
        line.append(("field" if kind == "word" and last in OPENERS else kind, piece))
        last = last if kind in {"space", "comment"} else piece
    if line:
        yield tuple(line)
