"""What was written: words, quantities, phrases, statements and blocks, each with its place.

A rule `sum` of grammar.lark makes a `Sum`.
"""

from fractions import Fraction
from typing import Any

from attrs import field, frozen

from .grammar import Token
from .source import Source, Span


@frozen(repr=False)
class Word:
    text: str
    at: Span = field(eq=False)


@frozen(repr=False)
class Number:
    text: str  # as written
    at: Span = field(eq=False)

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@frozen(repr=False)
class Percent:
    text: str  # as written, the sign included
    at: Span = field(eq=False)

    @property
    def value(self) -> Fraction:
        """70% is 7/10."""
        return Fraction(self.text[:-1]) / 100


@frozen(repr=False)
class Ratio:
    text: str  # as written
    at: Span = field(eq=False)

    @property
    def value(self) -> tuple[int, int]:
        """2:4 is (2, 4)."""
        one, other = self.text.split(":")
        return int(one), int(other)


@frozen(repr=False)
class String:
    text: str  # between the quotes
    at: Span = field(eq=False)


@frozen(repr=False)
class Equals:
    at: Span = field(eq=False)


@frozen(repr=False)
class Missing:
    """Something that had to be left out; a complaint about it has been made, and none may follow from it."""

    at: Span = field(eq=False)


Atom = Word | Number | Percent | Ratio | String | Missing


@frozen(repr=False)
class Sum:
    """Atoms joined by `+`: one thing made of several."""

    parts: tuple[Atom, ...]

    @property
    def at(self) -> Span:
        return self.parts[0].at.to(self.parts[-1].at)


Part = Atom | Sum | Equals


@frozen(repr=False)
class Item:
    """What stands between two commas."""

    parts: tuple[Part, ...]

    @property
    def at(self) -> Span:
        return self.parts[0].at.to(self.parts[-1].at)


@frozen(repr=False)
class Phrase:
    """What is said about a word: items with commas between them."""

    items: tuple[Item, ...]

    @property
    def at(self) -> Span:
        return self.items[0].at.to(self.items[-1].at)


@frozen(repr=False)
class Block:
    statements: "tuple[Statement, ...]"
    at: Span = field(eq=False)  # braces included


@frozen(repr=False)
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


@frozen(repr=False)
class Comment:
    text: str  # `#` included
    at: Span = field(eq=False)


@frozen(repr=False)
class File:
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    source: Source = field(eq=False)


def place(source: Source, token: Token) -> Span:
    return source.span(token.start, token.stop)


@frozen(repr=False, eq=False)
class Nodes:
    """Makes the node of a rule from the nodes and tokens that it is made of."""

    source: Source

    def file(self, children: list[Any]) -> tuple[Statement, ...]:
        return _statements(children)

    def statement(self, children: list[Any]) -> Statement:
        word, *others = children
        phrase = next((child for child in others if isinstance(child, Phrase)), None)
        block = next((child for child in others if isinstance(child, Block)), None)
        return Statement(word, phrase, block)

    def block(self, children: list[Any]) -> Block:
        opening, *_, closing = children
        return Block(_statements(children), place(self.source, opening).to(place(self.source, closing)))

    def phrase(self, children: list[Any]) -> Phrase:
        return Phrase(tuple(child for child in children if isinstance(child, Item)))

    def item(self, children: list[Any]) -> Item:
        return Item(tuple(children))

    def sum(self, children: list[Any]) -> Sum:
        return Sum(tuple(child for child in children if not isinstance(child, Token)))

    def word(self, children: list[Any]) -> Word:
        (token,) = children
        return Word(token.text, place(self.source, token))

    def number(self, children: list[Any]) -> Number:
        (token,) = children
        return Number(token.text, place(self.source, token))

    def percent(self, children: list[Any]) -> Percent:
        (token,) = children
        return Percent(token.text, place(self.source, token))

    def ratio(self, children: list[Any]) -> Ratio:
        (token,) = children
        return Ratio(token.text, place(self.source, token))

    def string(self, children: list[Any]) -> String:
        (token,) = children
        return String(token.text[1:-1], place(self.source, token))

    def equals(self, children: list[Any]) -> Equals:
        (token,) = children
        return Equals(place(self.source, token))

    def missing(self, children: list[Any]) -> Missing:
        (token,) = children
        return Missing(place(self.source, token))


def _statements(children: list[Any]) -> tuple[Statement, ...]:
    return tuple(child for child in children if isinstance(child, Statement))
