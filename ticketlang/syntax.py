"""What was written: words, quantities, phrases, statements and blocks, each with its place.

A rule `sum` of grammar.lark makes a `Sum`.
"""

from collections.abc import Iterator
from fractions import Fraction

from attrs import field, frozen
from lark import Token, Transformer

from .source import Source, Span


@frozen
class Word:
    text: str
    at: Span = field(eq=False)


@frozen
class Number:
    text: str  # as written
    at: Span = field(eq=False)

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@frozen
class Percent:
    text: str  # as written, the sign included
    at: Span = field(eq=False)

    @property
    def value(self) -> Fraction:
        """70% is 7/10."""
        return Fraction(self.text[:-1]) / 100


@frozen
class String:
    text: str  # between the quotes
    at: Span = field(eq=False)


@frozen
class Equals:
    at: Span = field(eq=False)


@frozen
class Missing:
    """Something that had to be left out; a complaint about it has been made, and none may follow from it."""

    at: Span = field(eq=False)


Atom = Word | Number | Percent | String | Missing


@frozen
class Sum:
    """Atoms joined by `+`: one thing made of several."""

    parts: tuple[Atom, ...]

    @property
    def at(self) -> Span:
        return self.parts[0].at.to(self.parts[-1].at)


Part = Atom | Sum | Equals


@frozen
class Item:
    """What stands between two commas."""

    parts: tuple[Part, ...]

    @property
    def at(self) -> Span:
        return self.parts[0].at.to(self.parts[-1].at)


@frozen
class Phrase:
    """What is said about a word: items with commas between them."""

    items: tuple[Item, ...]

    @property
    def at(self) -> Span:
        return self.items[0].at.to(self.items[-1].at)


@frozen
class Block:
    statements: "tuple[Statement, ...]"
    at: Span = field(eq=False)  # braces included


@frozen
class Statement:
    word: Word | Missing
    phrase: Phrase | None
    block: Block | None

    @property
    def at(self) -> Span:
        """The word and the phrase, without the block."""
        return self.word.at.to(self.phrase.at) if self.phrase else self.word.at

    @property
    def items(self) -> tuple[Item, ...]:
        return self.phrase.items if self.phrase else ()


@frozen
class Comment:
    text: str  # `#` included
    at: Span = field(eq=False)


@frozen
class File:
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    source: Source = field(eq=False)


def place(source: Source, token: Token) -> Span:
    return source.span(token.start_pos or 0, token.end_pos or 0)


class MakeNodes(Transformer[Token, File]):
    """Lark's tree -> ours, rule by rule."""

    def __init__(self, source: Source, comments: tuple[Comment, ...]) -> None:
        super().__init__()
        self.source = source
        self.comments = comments

    def _place(self, token: Token) -> Span:
        return place(self.source, token)

    def file(self, children: list[Statement | Token]) -> File:
        return File(tuple(_statements(children)), self.comments, self.source)

    def statement(self, children: list[Word | Missing | Phrase | Block]) -> Statement:
        word, *others = children
        assert isinstance(word, Word | Missing)
        phrase = next((child for child in others if isinstance(child, Phrase)), None)
        block = next((child for child in others if isinstance(child, Block)), None)
        return Statement(word, phrase, block)

    def block(self, children: list[Statement | Token]) -> Block:
        opening, *_, closing = children
        assert isinstance(opening, Token)
        assert isinstance(closing, Token)
        return Block(tuple(_statements(children)), self._place(opening).to(self._place(closing)))

    def phrase(self, children: list[Item | Token]) -> Phrase:
        return Phrase(tuple(child for child in children if isinstance(child, Item)))

    def item(self, children: list[Part]) -> Item:
        return Item(tuple(children))

    def sum(self, children: list[Atom | Token]) -> Sum:
        return Sum(tuple(child for child in children if not isinstance(child, Token)))

    def word(self, children: list[Token]) -> Word:
        return Word(str(children[0]), self._place(children[0]))

    def number(self, children: list[Token]) -> Number:
        return Number(str(children[0]), self._place(children[0]))

    def percent(self, children: list[Token]) -> Percent:
        return Percent(str(children[0]), self._place(children[0]))

    def string(self, children: list[Token]) -> String:
        return String(str(children[0])[1:-1], self._place(children[0]))

    def equals(self, children: list[Token]) -> Equals:
        return Equals(self._place(children[0]))

    def missing(self, children: list[Token]) -> Missing:
        return Missing(self._place(children[0]))


def _statements(children: list[Statement | Token]) -> Iterator[Statement]:
    return (child for child in children if isinstance(child, Statement))
