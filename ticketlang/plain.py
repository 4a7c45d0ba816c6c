"""Text of a spec, shown as text: nothing in a name moves the cursor, rings a bell or turns the line."""

import unicodedata

# Control characters, and those that reorder, hide or mean nothing of their own.
NEVER_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    r"""The text, with its escape for every character that does not simply stand for itself.

    >>> plain("imp\x1b[2J")
    'imp\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in NEVER_SHOWN else c for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
