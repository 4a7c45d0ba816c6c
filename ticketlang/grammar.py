"""The parser that grammar.lark describes, read from a table made ahead.

Making the table at each start would cost as much as starting Python.
`python -m ticketlang.grammar` makes the table anew.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark import Lark

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLE = Path(__file__).with_name("grammar.table.json")


@cache
def grammar() -> Lark:
    """The parser of the language."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    if table["lark"] != lark.__version__:  # another release may write its tables otherwise
        return _made_from(GRAMMAR.read_text(encoding="utf-8"))
    data = table["data"]
    # JSON has no whole numbers as keys, and states and rules are numbered.
    states = data["parser"]["parser"]["states"]
    data["parser"]["parser"]["states"] = {int(state): actions for state, actions in states.items()}
    memo = {int(number): rule for number, rule in table["memo"].items()}
    parser: Lark = Lark._load_from_dict(data, memo)  # type: ignore[no-untyped-call]  # lark has no types here
    return parser


def table_of(grammar_text: str) -> str:
    """The parse table of a grammar, as JSON. Its numbering follows Python's hash seed."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = _made_from(grammar_text).memo_serialize([TerminalDef, Rule])
    table = {"lark": lark.__version__, "data": data, "memo": memo}
    return json.dumps(table, separators=(",", ":"), default=_as_list) + "\n"


def fresh_table() -> str:
    """The parse table of grammar.lark, made with hash seed 0, so that it is the same each time."""
    code = "from ticketlang.grammar import GRAMMAR, table_of; print(table_of(GRAMMAR.read_text('utf-8')), end='')"
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout


def _made_from(grammar_text: str) -> Lark:
    return Lark(grammar_text, start="file", parser="lalr", lexer="basic", maybe_placeholders=False)


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a parse table")


if __name__ == "__main__":
    TABLE.write_text(fresh_table(), encoding="utf-8")
