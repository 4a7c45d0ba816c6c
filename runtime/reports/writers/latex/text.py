"""Text for TeX: whatever a name holds, it is shown as it is, and does nothing."""

from typing import Any

from ticketlang.plain import plain

from ...blocks import Column

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "±": r"$\pm$",
    "\N{MINUS SIGN}": "$-$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{EN DASH}": "--",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "§": r"\S{}",
    "✓": r"$\checkmark$",
    "✗": r"$\times$",
    "…": r"\dots{}",
    "*": r"$\ast$",
}


def escaped(text: str) -> str:
    """Hyphens stay single, quotes straight, and no character is a command."""
    found = "".join(SPECIAL.get(character, character) for character in plain(text))
    return found.replace("--", "-{}-") if "--" in plain(text) else found


def finalized(value: Any) -> Any:
    """What templates show of a value: text is escaped, unless a template says `|safe`."""
    from markupsafe import Markup

    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def column_type(column: Column, index: int) -> str:
    return "r" if column.is_number and index else "l"
