"""The parse table of grammar.lark: which tokens there are, and what a parser does with each in each of its states.

Lark makes the table, ahead of time: importing it and making the table at each start would cost several times as much as
starting Python. `python -m ticketlang.grammar` makes it anew.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLE = Path(__file__).with_name("grammar.table.json")
END_OF_FILE = "$END"
START = "$START"  # what has been read where nothing has
REPEATED = re.compile(r"__(\w+)_(?:star|plus)_\d+")  # Lark's name for what stands under `*` or `+` in a rule


@frozen(repr=False, eq=False)
class Token:
    """A piece of a text, or one that was put where something is missing."""

    kind: str  # a terminal of the grammar
    text: str
    start: int
    stop: int


@frozen(repr=False, eq=False)
class Table:
    """An LALR(1) parser as data."""

    pieces: re.Pattern[str]  # one group for each kind of token; every character of any text belongs to one
    ignored: frozenset[str]
    rules: tuple[tuple[str, int], ...]  # the name of a rule, and of how many symbols it is made
    states: tuple[Mapping[str, int], ...]  # symbol -> the next state, or ~n: rule n is complete

    def last_read(self, state: int) -> str:
        """The symbol by which a state is entered: in an LR parser, one for all ways that lead there."""
        entered_by = (symbol for actions in self.states for symbol, goal in actions.items() if goal == state)
        return REPEATED.sub(r"\1", next(entered_by, START))

    def tokens(self, text: str) -> Iterator[Token]:
        for piece in self.pieces.finditer(text):
            kind = piece.lastgroup or ""
            if kind not in self.ignored:
                yield Token(kind, piece.group(), piece.start(), piece.end())


@cache
def table() -> Table:
    """The table that ships."""
    data = json.loads(TABLE.read_text(encoding="utf-8"))
    pieces = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in data["terminals"]))
    rules = tuple((name, length) for name, length in data["rules"])
    return Table(pieces, frozenset(data["ignored"]), rules, tuple(data["states"]))


def fresh_table() -> str:
    """The table as Lark makes it from the grammar now, as JSON: the same text for the same grammar."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    parser: Any = Lark(GRAMMAR.read_text(encoding="utf-8"), start="file", parser="lalr", lexer="basic")
    made = parser.parser.parser._parse_table
    # Lark numbers states in an order that changes from run to run: here they are numbered as they are reached.
    number = {made.start_states["file"]: 0}
    rules: dict[tuple[str, tuple[str, ...]], int] = {}
    states: list[dict[str, int]] = []
    while len(states) < len(number):
        actions: dict[str, int] = {}
        for symbol, (action, goal) in sorted(made.states[list(number)[len(states)]].items()):
            if action is Shift:
                actions[symbol] = number.setdefault(goal, len(number))
            else:
                rule = (str(goal.origin.name), tuple(str(part.name) for part in goal.expansion))
                actions[symbol] = ~rules.setdefault(rule, len(rules))
        states.append(actions)
    # Of two terminals that match, the one of higher priority is taken.
    terminals = sorted(parser.terminals, key=lambda terminal: (-terminal.priority, terminal.name))
    data = {
        "terminals": [[terminal.name, terminal.pattern.to_regexp()] for terminal in terminals],
        "ignored": sorted(parser.ignore_tokens),
        "rules": [[name, len(parts)] for name, parts in rules],
        "states": states,
    }
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_in_lines(value)}" for key, value in data.items()) + "\n}\n"


def _in_lines(value: Any) -> str:
    """JSON with one line for each element, so that a change of the grammar can be read in the table."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(item, sort_keys=True) for item in value) + "\n]"


if __name__ == "__main__":
    TABLE.write_text(fresh_table(), encoding="utf-8")
