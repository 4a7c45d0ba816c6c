"""What to say where the parser stops: a sentence by hand for each of its states.

All ways into a state end with the same symbol, so a state is told by what was read last; `tests/language/test_stops.py`
fails when one has no sentence.
"""

from collections.abc import Mapping

from .diagnostics import Diagnostic
from .diagnostics.writing import LineEndExpected, MissingItem, StatementExpected
from .grammar import Token
from .source import Source
from .syntax import place

Stop = type[StatementExpected | MissingItem | LineEndExpected]

STATEMENT = "a statement opens with a word"
GOES_ON = "after this the line goes on with a word, a quantity, a string, `,` or `+`, or it ends"

# What was read last -> the complaint, and what may come next in words.
AFTER: Mapping[str, tuple[Stop, str]] = {
    **dict.fromkeys(("$START", "file", "END"), (StatementExpected, STATEMENT)),
    "LBRACE": (StatementExpected, "a block holds statements, and each opens with a word"),
    "word": (MissingItem, "what is said after a word begins with another word, a quantity or a string"),
    "missing": (MissingItem, "what is said begins with a word, a quantity or a string"),
    "COMMA": (MissingItem, "a list goes on after a comma"),
    "PLUS": (MissingItem, "`+` stands between two things"),
    **dict.fromkeys(("EQUALS", "equals"), (MissingItem, "what a name stands for comes after `=`")),
    **dict.fromkeys(
        ("statement", "block", "RBRACE"), (LineEndExpected, "after the brace that closes a block comes a new line")
    ),
    **dict.fromkeys(("WORD", "NUMBER", "PERCENT", "RATIO", "STRING"), (LineEndExpected, GOES_ON)),
    **dict.fromkeys(("OPEN_STRING", "UNREADABLE", "MISSING"), (LineEndExpected, GOES_ON)),
    **dict.fromkeys(("number", "percent", "ratio", "string", "_atom", "_part"), (LineEndExpected, GOES_ON)),
    **dict.fromkeys(("sum", "item", "phrase"), (LineEndExpected, GOES_ON)),
}


def stopped(token: Token, last_read: str, source: Source) -> Diagnostic:
    """The complaint about a token that has no place after what was read last."""
    complaint, expected = AFTER[last_read]
    found = "the end of the line" if token.kind == "END" else f"`{token.text}`"
    return complaint(at=place(source, token), expected=expected, found=found)
