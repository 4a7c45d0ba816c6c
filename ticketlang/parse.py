"""Text -> syntax tree, with every mistake of writing reported in one go.

After a mistake the rest of its line is left out, and `MISSING` stands in the tree for it: the next line is read as if
nothing had happened, and later stages say nothing about what is not there.
"""

from collections.abc import Iterable, Iterator

from lark import Token, Tree, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from . import diagnostics
from .diagnostics import Diagnostic
from .grammar import grammar
from .lines import Tokens, join_lines, pair_braces, put, read_words
from .source import Source
from .syntax import Comment, File, MakeNodes, place

LARGEST = 100_000  # characters; the largest study we know has a tenth of it
MOST_MISTAKES = 100


def parse(source: Source) -> tuple[File | None, tuple[Diagnostic, ...]]:
    """The tree of a text, and what is wrong with how it is written. None: too much to make sense of it."""
    if len(source.text) > LARGEST:
        return None, (diagnostics.FileTooLarge(at=source.span(0, 0), size=len(source.text), limit=LARGEST),)
    parser = grammar().parse_interactive(source.text)
    written = tuple(parser.lexer_thread.lex(parser.parser_state))  # type: ignore[no-untyped-call]  # lark has no types here
    complaints: list[Diagnostic] = []
    tokens: Tokens = written
    for prepare in (read_words, join_lines, pair_braces):
        tokens = _sifted(prepare(tokens, source), complaints)
    tree = None if len(complaints) > MOST_MISTAKES else _feed(parser, tokens, source, complaints)
    if tree is None:
        complaints.sort(key=lambda complaint: complaint.at.start)
        at = complaints[MOST_MISTAKES].at
        return None, (*complaints[:MOST_MISTAKES], diagnostics.TooManyMistakes(at=at, limit=MOST_MISTAKES))
    return MakeNodes(source, _comments(written, source)).transform(tree), tuple(complaints)


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
        ends = (0, *(token.end_pos or 0 for token in tokens))
        starts = (*(token.start_pos or 0 for token in tokens), len(source.text))
        for end, start in zip(ends, starts, strict=True):
            gap = source.text[end:start]
            if "#" in gap:
                text = gap[gap.index("#") :].rstrip()
                begin = end + gap.index("#")
                yield Comment(text, source.span(begin, begin + len(text)))

    return tuple(find())


def _feed(
    parser: InteractiveParser, tokens: Tokens, source: Source, complaints: list[Diagnostic]
) -> Tree[Token] | None:
    """Drive the parser through the tokens, past every mistake. None: there are too many."""
    is_skipping = False
    for token in tokens:
        if is_skipping and token.type not in {"END", "LBRACE", "RBRACE"}:
            continue
        is_skipping = False
        if _takes(parser, token):
            continue
        accepted = parser.accepts()  # type: ignore[no-untyped-call]  # nor here
        if token.type != "MISSING":
            complaints.append(_misplaced(token, accepted, source))
        if len(complaints) > MOST_MISTAKES:
            return None
        is_skipping = not _goes_on(parser, token, accepted)
    tree: Tree[Token] = parser.feed_eof()  # type: ignore[no-untyped-call]  # nor here
    return tree


def _takes(parser: InteractiveParser, token: Token) -> bool:
    try:
        parser.feed_token(token)
    except UnexpectedToken:
        return False
    return True


def _goes_on(parser: InteractiveParser, token: Token, accepted: set[str]) -> bool:
    """Bring the parser past a token that it refused. False: the rest of the line is to be left out."""
    position = token.start_pos or 0
    if "MISSING" in accepted:
        parser.feed_token(put("MISSING", position))
    elif "END" in accepted:  # after a closing brace: take it as if a new line had begun
        parser.feed_token(put("END", position))
    return _takes(parser, token)


def _misplaced(token: Token, accepted: set[str], source: Source) -> Diagnostic:
    at, found = place(source, token), _name(token)
    if "MISSING" not in accepted:
        return diagnostics.LineEndExpected(at=at, found=found)
    if "RBRACE" in accepted or "$END" in accepted:
        return diagnostics.StatementExpected(at=at, found=found)
    return diagnostics.MissingItem(at=at, found=found)


def _name(token: Token) -> str:
    return "the end of the line" if token.type == "END" else f"`{token}`"
