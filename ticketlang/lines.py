"""Tokens made ready for the grammar: lists joined across lines, blank lines dropped, braces paired.

What a line means depends on which block it stands in, so these are three passes over the tokens rather than rules of
the grammar. Each leaves a sequence that reads well and complains about what did not.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import define, field

from . import diagnostics
from .diagnostics import Diagnostic
from .grammar import Token
from .source import Source, Span
from .syntax import place
from .vocabulary.fields import BLOCKS

DEEPEST = 8  # blocks in blocks; the language itself goes three deep
LONGEST_SLIP = 60  # characters that are looked at for what was meant
A_HABIT = 3  # as many lines of another language are no slips
MOST_DIGITS = 30  # on either side of the point: no quantity needs more, and exact numbers cost what they are long

QUOTES = frozenset("'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb")  # that some other language puts around strings
CLOSING = {
    "\u2018": "\u2019",
    "\u201c": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
}  # others close as they open
# Signs of other scripts that stand for one of ours, or for none.
WIDE = {"\uff0c": ",", "\u3001": ",", "\uff1b": ";", "\uff05": "%", "\uff0b": "+"}
COLONS = frozenset(":\uff1a")
ARROWS = frozenset({"->", "-->", "\u2192", "\u21d2"})
COMPARISONS = ("<", ">", "\u2264", "\u2265", "!", "~")
# Patterns as text: to compile them takes longer than to read a file that has no use for them.
GLUED = r"([0-9]+(?:\.[0-9]+)?%?)([^\W\d]\w*)"
BRACKETED = r"(?=.*[\[\]()])[\[(]*([^\W\d][\w-]*|[0-9.]+%?|)[\])]*(%?)[\])]*"
RANGE = r"[0-9.]*%?(?:\.\.+|[-\u2013\u2014~])[0-9.]*%?"

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


def another_language(tokens: Tokens) -> str | None:
    """What a text is evidently written in, if that is not ours: a complaint about each of its lines would say less."""
    words = [token for token in tokens if token.kind != "END"]
    if not words:
        return None
    if words[0].kind == "LBRACE" or words[0].text.startswith("["):
        return "JSON" if words[0].kind == "LBRACE" and words[1:2] and words[1].kind == "STRING" else None
    if any(token.kind == "LBRACE" for token in words):
        return None
    pairs = [(one, two) for one, two in pairwise(tokens) if one.kind == "WORD"]
    keys = sum(two.text.startswith(":") and two.start == one.stop for one, two in pairs)
    set_ = sum(two.kind == "EQUALS" for _, two in pairs)
    return "YAML" if keys >= A_HABIT else "TOML or Python" if set_ >= A_HABIT else None


def read_words(tokens: Tokens, source: Source) -> Iterator[Token | Diagnostic]:
    """Complain about text that is no word, string or quantity, once a line, and put `MISSING` in its place."""
    is_first = True
    end = 0  # of a string in other quotes
    for token in tokens:
        if token.start < end:
            continue
        quoted = _in_other_quotes(token, source)
        complaint = _unreadable(token, place(source, token)) if quoted is None else _of_quotes(quoted)
        if complaint is None:
            is_first = is_first or token.kind == "END"
            yield token
        else:
            if is_first:
                yield complaint
            is_first = False
            end = token.stop if quoted is None else quoted.stop
            yield Token("MISSING", "", token.start, end)


def _in_other_quotes(token: Token, source: Source) -> Span | None:
    """A string in quotes of another language, spaces and all, if the token opens one that ends on its line."""
    quote = token.text[:1]
    if token.kind != "UNREADABLE" or quote not in QUOTES or _character_before(place(source, token)):
        return None
    line_end = source.text.find("\n", token.start)
    rest = source.text[token.start + 1 : len(source.text) if line_end < 0 else line_end]
    closing = next((i for i, c in enumerate(rest) if c in CLOSING.get(quote, quote)), None)
    return None if closing is None else source.span(token.start, token.start + closing + 2)


def _of_quotes(at: Span) -> Diagnostic:
    inside = at.text[1:-1]
    instead = None if '"' in inside or not inside.isprintable() else f'"{inside}"'
    return diagnostics.UnreadableText(
        at=at, text=at.text, way_out='strings stand in double quotes: `"..."`', instead=instead
    )


def _unreadable(token: Token, at: Span) -> Diagnostic | None:
    match token.kind:
        case "UNREADABLE":
            is_apart = not _character_before(at).strip(",")
            way_out, instead = _way_out(token.text[:LONGEST_SLIP], is_apart)
            if len(token.text) > LONGEST_SLIP:
                instead = None
            return diagnostics.UnreadableText(at=at, text=token.text, way_out=way_out, instead=instead)
        case "OPEN_STRING" if token.text.rstrip().endswith('"') and len(token.text.rstrip()) > 1:
            return diagnostics.ControlCharacter(at=at)
        case "OPEN_STRING":
            return diagnostics.UnclosedString(at=at)
        case "NUMBER" | "PERCENT" if _is_too_long(token.text):
            return diagnostics.NumberTooLong(at=at, digits=MOST_DIGITS)
    return None


def _character_before(at: Span) -> str:
    """The character before a place; empty if it is white space or nothing."""
    return at.source.text[max(at.start - 1, 0) : at.start].strip()


def _way_out(text: str, is_apart: bool) -> tuple[str, str | None]:
    """What helps with the unreadable things that people write most, and what they meant where that is certain.

    Args:
        is_apart: no word or quantity ends where this begins.
    """
    if glued := re.fullmatch(GLUED, text):
        apart = f"{glued[1]} {glued[2]}"
        return f"a quantity and its unit are two words: `{apart}`", apart
    if text[0] in QUOTES:
        return 'strings stand in double quotes: `"..."`', None
    if text in COLONS:
        return "a word and what is said about it stand side by side: `seeds 1, 2`", ""
    if text in WIDE:
        return f"this is another sign than `{WIDE[text]}`", WIDE[text]
    if bare := re.fullmatch(BRACKETED, text):
        return "a list stands without brackets: `seeds 1, 2, 3`", bare[1] + bare[2] if is_apart or not bare[1] else None
    if text == "//" or text.startswith(("/*", "<!--")):
        return "a comment opens with `#`, and goes on to the end of the line", "#" if text == "//" else None
    if text in ARROWS:
        return "words say what goes where: `transfer imp at 70% to mrpc, sst2`", None
    if re.fullmatch(RANGE, text):
        return "a range is said in words: `seeds 1 to 5`, `sparsity 10% to 70% by 10% of original`", None
    if text.startswith("-"):
        return "nothing here is negative", None
    if text.startswith(COMPARISONS):
        return "claims say `is at least`, `beats` or `matches`", None
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
