"""Text -> syntax tree, with every mistake of writing reported in one go.

After a mistake the rest of its line is left out, and `MISSING` stands in the tree for it: the next line is read as if
nothing had happened, and later stages say nothing about what is not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from attrs import define, field

from . import diagnostics
from .diagnostics import Diagnostic
from .grammar import END_OF_FILE, Table, Token, table
from .lines import Tokens, another_language, join_lines, pair_braces, put, read_words
from .source import Source
from .syntax import Comment, File, Nodes, Statement, place

LARGEST = 50_000  # characters; the largest study we know has a tenth of it
MOST_MISTAKES = 100


def parse(source: Source) -> tuple[File | None, tuple[Diagnostic, ...]]:
    """The tree of a text, and what is wrong with how it is written. None: too much to make sense of it."""
    if len(source.text) > LARGEST:
        return None, (diagnostics.FileTooLarge(at=source.span(0, 0), size=len(source.text), limit=LARGEST),)
    written = tuple(table().tokens(source.text))
    if (language := another_language(written)) is not None:
        at = place(source, next(token for token in written if token.kind != "END"))
        return None, (diagnostics.AnotherLanguage(at=at, language=language),)
    complaints: list[Diagnostic] = []
    tokens: Tokens = written
    for prepare in (read_words, join_lines, pair_braces):
        tokens = _sifted(prepare(tokens, source), complaints)
    statements = None if len(complaints) > MOST_MISTAKES else _read(tokens, source, complaints)
    if statements is None:
        return None, no_more_than_help(sorted(complaints, key=lambda complaint: complaint.at.start))
    return File(statements, _comments(written, source), source), tuple(complaints)


def no_more_than_help(complaints: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first complaints; where there are too many to be of use, the last one says so."""
    if len(complaints) <= MOST_MISTAKES:
        return tuple(complaints)
    at = complaints[MOST_MISTAKES].at
    return (*complaints[:MOST_MISTAKES], diagnostics.TooManyMistakes(at=at, limit=MOST_MISTAKES))


def _sifted(stream: Iterable[Token | Diagnostic], complaints: list[Diagnostic]) -> Tokens:
    """Tokens apart from complaints."""
    tokens = []
    for thing in stream:
        if isinstance(thing, Token):
            tokens.append(thing)
        else:
            complaints.append(thing)
        if len(complaints) > MOST_MISTAKES:
            break
    return tokens


def _comments(tokens: Tokens, source: Source) -> tuple[Comment, ...]:
    """Comments lie in the gaps between tokens, and reach to the end of the gap: a line end is a token."""

    def find() -> Iterator[Comment]:
        ends = (0, *(token.stop for token in tokens))
        starts = (*(token.start for token in tokens), len(source.text))
        for end, start in zip(ends, starts, strict=True):
            gap = source.text[end:start]
            if "#" in gap:
                text = gap[gap.index("#") :].rstrip()
                begin = end + gap.index("#")
                yield Comment(text, source.span(begin, begin + len(text)))

    return tuple(find())


def _read(tokens: Tokens, source: Source, complaints: list[Diagnostic]) -> tuple[Statement, ...] | None:
    """Drive a parser through the tokens, past every mistake. None: there are too many."""
    parser = Parser(table(), Nodes(source))
    is_skipping = False
    for token in tokens:
        if is_skipping and token.kind not in {"END", "LBRACE", "RBRACE"}:
            continue
        is_skipping = False
        if parser.takes(token):
            continue
        accepted = parser.accepted()
        if token.kind != "MISSING":
            from .stops import stopped  # with its complaints, which a study without mistakes has no need of

            complaints.append(stopped(token, parser.table.last_read(parser.states[-1]), source))
        if len(complaints) > MOST_MISTAKES:
            return None
        is_skipping = not _goes_on(parser, token, accepted)
    parser.takes(put(END_OF_FILE, len(source.text)))
    (statements,) = parser.values  # lines.py has closed whatever was open
    return cast("tuple[Statement, ...]", statements)


@define(eq=False, repr=False)
class Parser:
    """The states that a parser has gone through, and what it has read in each."""

    table: Table
    nodes: Nodes
    states: list[int] = field(factory=lambda: [0])
    values: list[Any] = field(factory=list)

    def takes(self, token: Token) -> bool:
        """Read a token. False: there is no place for it here."""
        while (action := self.table.states[self.states[-1]].get(token.kind)) is not None:
            if action >= 0:
                self.states.append(action)
                self.values.append(token)
                return True
            self._complete(*self.table.rules[~action])
        return False

    def accepted(self) -> set[str]:
        """The kinds of token that could come next."""
        return {kind for kind in self.table.states[self.states[-1]] if self._would_take(kind)}

    def _would_take(self, kind: str) -> bool:
        states = self.states.copy()
        while (action := self.table.states[states[-1]].get(kind)) is not None and action < 0:
            rule, length = self.table.rules[~action]
            del states[len(states) - length :]
            states.append(self.table.states[states[-1]][rule])
        return action is not None

    def _complete(self, rule: str, length: int) -> None:
        """Put the node of a rule in place of its parts; a rule that begins with `_` passes its parts on."""
        if length == 1 and rule.startswith("_"):  # half of all: what was read stays as it is
            self.states.pop()
            self.states.append(self.table.states[self.states[-1]][rule])
            return
        first = len(self.values) - length
        parts = self.values[first:]
        del self.values[first:], self.states[len(self.states) - length :]
        # A list that grows to the right is extended in place: copying it each time would take its length squared.
        children = parts.pop(0) if parts and isinstance(parts[0], list) else []
        for part in parts:
            if isinstance(part, list):
                children.extend(part)
            else:
                children.append(part)
        self.states.append(self.table.states[self.states[-1]][rule])
        self.values.append(children if rule.startswith("_") else getattr(self.nodes, rule)(children))


def _goes_on(parser: Parser, token: Token, accepted: set[str]) -> bool:
    """Bring the parser past a token that it refused. False: the rest of the line is to be left out."""
    if "MISSING" not in accepted:  # after a closing brace: take it as if a new line had begun
        parser.takes(put("END", token.start))
    return parser.takes(token) or (parser.takes(put("MISSING", token.start)) and parser.takes(token))
