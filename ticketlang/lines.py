"""Tokens made ready for the grammar: lists joined across lines, blank lines dropped, braces paired.

What a line means depends on which block it stands in, so these are three passes over the tokens rather than rules of
the grammar. Each leaves a sequence that reads well and complains about what did not.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import define, field

from . import diagnostics
from .diagnostics import Diagnostic
from .grammar import Token
from .source import Source, Span
from .syntax import place
from .vocabulary.fields import BLOCKS

DEEPEST = 8  # blocks in blocks; the language itself goes three deep
MOST_DIGITS = 30  # on either side of the point: no quantity needs more, and exact numbers cost what they are long

QUOTES = frozenset("'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb")  # that some other language puts around strings

Tokens = Sequence[Token]


def put(kind: str, position: int) -> Token:
    """A token that nobody wrote, at a position."""
    return Token(kind, "", position, position)


@define(eq=False, repr=False)
class Blocks:
    """Which blocks are open at a token."""

    opened: list[tuple[str, Token]] = field(factory=list)  # the word of the head, and the brace
    head: str = ""  # the first word of the statement at hand
    is_start: bool = True  # a statement begins with the next token

    @property
    def word(self) -> str:
        return self.opened[-1][0] if self.opened else "file"

    @property
    def around(self) -> tuple[str, ...]:
        """The words of the blocks around the innermost one, outermost first."""
        return ("file", *(word for word, _ in self.opened))[:-1] if self.opened else ()

    def pass_over(self, token: Token) -> None:
        match token.kind:
            case "LBRACE":
                self.opened.append((self.head, token))
                self.is_start = True
            case "RBRACE":
                if self.opened:
                    self.opened.pop()
                self.is_start = True
            case "END":
                self.is_start = True
            case _:
                if self.is_start:
                    self.head = token.text
                self.is_start = False


def has_field(block: str, word: str) -> bool:
    return word in BLOCKS.get(block, {})


def read_words(tokens: Tokens, source: Source) -> Iterator[Token | Diagnostic]:
    """Complain about text that is no word, string or quantity, once a line, and put `MISSING` in its place."""
    is_first = True
    for token in tokens:
        complaint = _unreadable(token, place(source, token))
        if complaint is None:
            is_first = is_first or token.kind == "END"
            yield token
        else:
            if is_first:
                yield complaint
            is_first = False
            yield Token("MISSING", "", token.start, token.stop)


def _unreadable(token: Token, at: Span) -> Diagnostic | None:
    match token.kind:
        case "UNREADABLE":
            way_out, instead = _way_out(token.text)
            return diagnostics.UnreadableText(at=at, text=token.text, way_out=way_out, instead=instead)
        case "OPEN_STRING" if token.text.rstrip().endswith('"') and len(token.text.rstrip()) > 1:
            return diagnostics.ControlCharacter(at=at)
        case "OPEN_STRING":
            return diagnostics.UnclosedString(at=at)
        case "NUMBER" | "PERCENT" if _is_too_long(token.text):
            return diagnostics.NumberTooLong(at=at, digits=MOST_DIGITS)
    return None


def _way_out(text: str) -> tuple[str, str | None]:
    """What helps with the unreadable things that people write most, and what they meant where that is certain."""
    if glued := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?%?)([^\W\d]\w*)", text):
        apart = f"{glued[1]} {glued[2]}"
        return f"a quantity and its unit are two words: `{apart}`", apart
    if text[0] in QUOTES:
        inside = text[1:-1]
        is_whole = len(text) > 1 and text[-1] in QUOTES and not QUOTES.intersection(inside)
        return 'strings stand in double quotes: `"..."`', f'"{inside}"' if is_whole else None
    if text == ":":
        return "a word and what is said about it stand side by side: `seeds 1, 2`", ""
    if text.startswith("-"):
        return "nothing here is negative", None
    return "words are letters, digits, `_`, `-` and `.`; anything else stands in double quotes", None


def _is_too_long(number: str) -> bool:
    mantissa, _, exponent = number.rstrip("%").lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    # The exponent is compared as text first: int() of a megabyte of digits would take its time.
    exponent = exponent.lstrip("+-0") or "0"
    return len(whole) > MOST_DIGITS or len(decimals) > MOST_DIGITS or len(exponent) > 2 or int(exponent) > MOST_DIGITS


def join_lines(tokens: Tokens, source: Source) -> Iterator[Token | Diagnostic]:
    """Let lists go on after a comma, and blocks open where their braces stand; drop blank lines."""
    blocks = Blocks()
    next_words = _next_words(tokens)
    last, comma = "END", put("COMMA", 0)
    for i, token in enumerate(tokens):
        if token.kind == "END":
            following = tokens[next_words[i] : next_words[i] + 2]
            if last in {"END", "LBRACE"}:
                continue
            if last == "COMMA" and token.text == "\n" and not _ends_list(following, blocks):
                continue
            if following and following[0].kind == "LBRACE" and last != "RBRACE":
                yield diagnostics.BraceOnNextLine(at=place(source, following[0]), after=place(source, tokens[i - 1]))
                continue
        if last == "COMMA" and token.kind in {"END", "RBRACE", "LBRACE"}:
            yield diagnostics.TrailingComma(at=place(source, comma))
            yield put("MISSING", comma.stop)
        if token.kind == "COMMA":
            comma = token
        if token.kind == "RBRACE" and last not in {"END", "LBRACE"}:
            yield put("END", token.start)
        blocks.pass_over(token)
        last = token.kind
        yield token
    if last == "COMMA":
        yield diagnostics.TrailingComma(at=place(source, comma))
        yield put("MISSING", comma.stop)
    if last != "END":
        yield put("END", len(source.text))


def _next_words(tokens: Tokens) -> list[int]:
    """For each index, and one past the end, that of the first token from there on that is no line end."""
    found = [len(tokens)] * (len(tokens) + 1)
    for i in reversed(range(len(tokens))):
        found[i] = found[i + 1] if tokens[i].kind == "END" else i
    return found


def _ends_list(following: Tokens, blocks: Blocks) -> bool:
    """Whether what stands in the next line is evidently no part of the list: another field, or the end of the block."""
    if not following or following[0].kind == "RBRACE":
        return True
    is_field = any(has_field(block, following[0].text) for block in (blocks.word, *blocks.around))
    return is_field and len(following) > 1 and following[1].kind not in {"COMMA", "END", "RBRACE"}


def pair_braces(tokens: Tokens, source: Source) -> Iterator[Token | Diagnostic]:
    """Close what is open, and drop what closes nothing.

    Where the braces of a file do not pair up, the fields tell which one is missing or too many: `transfer` inside a
    ticket means that the ticket was not closed; `baselines` outside of a study, that the study was closed too early.
    """
    surplus = sum({"LBRACE": 1, "RBRACE": -1}.get(token.kind, 0) for token in tokens)
    blocks = Blocks()
    next_words = _next_words(tokens)
    is_dropped = False  # the token before this one
    for i, token in enumerate(tokens):
        if is_dropped and token.kind == "END" and blocks.is_start:
            continue
        is_dropped = False
        while blocks.is_start and surplus > 0 and _belongs_around(token.text, blocks):
            yield _unclosed(blocks, source)
            yield from _closed(blocks, token.start)
            surplus -= 1
        if token.kind == "LBRACE" and len(blocks.opened) == DEEPEST:
            yield diagnostics.NestedTooDeep(at=place(source, token), limit=DEEPEST)
            while blocks.opened:
                yield from _closed(blocks, len(source.text))
            return
        if token.kind == "RBRACE":
            following = tokens[next_words[i + 1] : next_words[i + 1] + 1]
            if not blocks.opened or (surplus < 0 and following and _belongs_inside(following[0].text, blocks)):
                yield diagnostics.StrayBrace(at=place(source, token))
                surplus += 1
                is_dropped = True
                continue
        blocks.pass_over(token)
        yield token
    while blocks.opened:
        yield _unclosed(blocks, source)
        yield from _closed(blocks, len(source.text))


def _belongs_around(word: str, blocks: Blocks) -> bool:
    return not has_field(blocks.word, word) and any(has_field(block, word) for block in blocks.around)


def _belongs_inside(word: str, blocks: Blocks) -> bool:
    return has_field(blocks.word, word) and not has_field(blocks.around[-1], word)


def _unclosed(blocks: Blocks, source: Source) -> Diagnostic:
    word, brace = blocks.opened[-1]
    block = f"the block of `{word}`" if word else "this block"
    return diagnostics.UnclosedBlock(at=place(source, brace), block=block)


def _closed(blocks: Blocks, position: int) -> Iterator[Token]:
    if not blocks.is_start:
        yield put("END", position)
    for kind in ("RBRACE", "END"):
        token = put(kind, position)
        blocks.pass_over(token)
        yield token
