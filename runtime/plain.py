"""Text from a spec or a file, shown as text: nothing in a name moves the cursor, rings a bell or turns the line."""

import unicodedata

# Control characters, and those that reorder, hide or have no meaning of their own.
UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str) -> str:
    """The text with every character that does not simply stand for itself written as its escape.

    >>> plain("imp\\x1b[2J")
    'imp\\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in UNSHOWN else c for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
