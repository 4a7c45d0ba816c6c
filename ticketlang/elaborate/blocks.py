"""The statements of a block by their words: unknown, misplaced, repeated and missing fields are found here."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeVar

from attrs import field, frozen

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..syntax import Missing, Ratio, Statement, Word
from ..units import percent_text
from ..vocabulary.fields import BLOCKS, Field
from ..vocabulary.words import SYNONYMS
from .complaints import Complaints, Misread
from .nearest import nearest
from .phrases import Reader

T = TypeVar("T")


@frozen(repr=False, eq=False)
class Fields:
    """What a block says, field by field."""

    block: str  # a table of vocabulary.fields
    head: Statement
    statements: Mapping[str, tuple[Statement, ...]]
    forgiven: frozenset[str]  # required fields whose absence follows from another mistake
    complaints: Complaints
    misread: set[str] = field(factory=set)  # fields that were not understood, as far as they have been read

    def __contains__(self, word: str) -> bool:
        return word in self.statements

    def row(self, word: str) -> Field:
        return BLOCKS[self.block][word]

    def all(self, word: str) -> tuple[Statement, ...]:
        return self.statements.get(word, ())

    def read(self, word: str, reader: Callable[[Reader], T]) -> T | None:
        """Read the phrase of a field. None: it is not there, or was not understood."""
        for statement in self.all(word):
            return self.read_statement(statement, reader)
        return None

    def read_statement(self, statement: Statement, reader: Callable[[Reader], T]) -> T | None:
        row = self.row(statement.word.at.text)
        value = self.complaints.attempt(lambda: Reader.of(statement, row).read_whole(reader))
        if value is None:
            self.misread.add(row.name)
        return value

    def read_items(self, word: str, reader: Callable[[Reader], T]) -> tuple[T, ...] | None:
        """Read a list, each item by itself. None: it is not there, or an item was not understood."""
        for statement in self.all(word):
            return self.read_items_of(statement, reader)
        return None

    def read_items_of(self, statement: Statement, reader: Callable[[Reader], T]) -> tuple[T, ...] | None:
        row = self.row(statement.word.at.text)
        if not statement.items:
            self.read_statement(statement, reader)
            return None
        values: list[T] = []
        is_whole = True
        for item in statement.items:
            value = self.complaints.attempt(lambda item=item: Reader.of_item(item, row).read_whole(reader))  # type: ignore[misc]  # mypy cannot type a lambda's default
            is_whole = is_whole and value is not None
            if value is not None:
                if value in values:
                    is_whole = False
                    self.complaints.add(diagnostics.NamedTwiceInList(at=item.at, name=item.at.text))
                values.append(value)
        if not is_whole:
            self.misread.add(row.name)
        return tuple(values) if is_whole else None

    def with_base(self, base: "Fields") -> "Fields":
        """These fields over those of another block: what is said here replaces what is said there."""
        forgiven = self.forgiven | base.forgiven
        return Fields(self.block, self.head, {**base.statements, **self.statements}, forgiven, self.complaints)

    def complain_of_missing(self) -> bool:
        """Whether something required is missing."""
        missing = [row for row in BLOCKS[self.block].values() if row.is_required and row.name not in self]
        has_block = self.head.block is not None  # that there is none has been said
        unforgiven = tuple(row for row in missing if row.name not in self.forgiven and has_block)
        if unforgiven:
            names, example = tuple(row.name for row in unforgiven), unforgiven[0].example
            if names == ("sparsity",):
                example = self._sparsity_of_pattern() or example
            head = f"`{self.head.at.text}`"
            self.complaints.add(diagnostics.MissingField(at=self.head.at, fields=names, block=head, example=example))
        return bool(missing)

    def _sparsity_of_pattern(self) -> str | None:
        """What a ticket says that keeps two of every four weights: there is one sparsity that this is."""
        parts = (part for statement in self.all("prune") for item in statement.items for part in item.parts)
        for part in parts:
            if isinstance(part, Ratio) and part.value[0] < part.value[1]:
                kept, of = part.value
                return f"sparsity {percent_text(1 - Fraction(kept, of))} of original"
        return None


def fields_of(head: Statement, block: str, complaints: Complaints) -> Fields:
    """The fields of a block, each where it belongs, and those alone."""
    inside = head.block.statements if head.block else ()
    statements, forgiven = sort_fields(inside, block, complaints)
    return Fields(block, head, statements, forgiven, complaints)


def sort_fields(
    statements: tuple[Statement, ...], block: str, complaints: Complaints
) -> tuple[dict[str, tuple[Statement, ...]], frozenset[str]]:
    """Statements by word, and the words whose absence is forgiven since a misspelt one stands for them."""
    table = BLOCKS[block]
    found: dict[str, list[Statement]] = {}
    forgiven: set[str] = set()
    for statement in statements:
        if isinstance(statement.word, Missing):
            forgiven.update(table)
        elif (row := table.get(statement.word.text)) is None:
            complaints.add(_no_such_field(statement.word, block))
            forgiven.update({nearest(statement.word.text, table) or ""})
        else:
            complaints.extend(_wrongly_placed(statement, row, found.get(row.name, [])))
            if row.repeats or row.name not in found:
                found.setdefault(row.name, []).append(statement)
    return {word: tuple(all_) for word, all_ in found.items()}, frozenset(forgiven)


def _no_such_field(word: Word, block: str) -> Diagnostic:
    homes = [home for home, table in BLOCKS.items() if word.text in table and home != block]
    if homes and not (block == "file" and homes == ["seeds"]):
        return diagnostics.MisplacedField(
            at=word.at, name=word.text, block=a_block(block), home=" and ".join(a_block(home) for home in homes)
        )
    guess = nearest(word.text, BLOCKS[block])
    meant = SYNONYMS.get(word.text.lower(), "")
    homes = [a_block(home) for home in ("task", "ticket", "study") if meant in BLOCKS[home] and home != block]
    example = next((BLOCKS[home][meant].example for home in ("task", "ticket", "study") if meant in BLOCKS[home]), "")
    return diagnostics.UnknownField(
        at=word.at,
        name=word.text,
        nearest=guess,
        known=tuple(BLOCKS[block]),
        block=a_block(block),
        example=BLOCKS[block][guess].example if guess in BLOCKS[block] else example,
        home=" and ".join(homes) if guess is None else "",
    )


def _wrongly_placed(statement: Statement, row: Field, earlier: list[Statement]) -> Iterator[Diagnostic]:
    if earlier and not row.repeats:
        yield diagnostics.RepeatedField(
            at=statement.word.at, name=row.name, seconds=((earlier[0].word.at, "first said here"),)
        )
    elif row.block == "always" and statement.block is None:
        yield diagnostics.MissingBlock(at=statement.at, word=row.name, example=row.example)
    elif row.block == "never" and statement.block is not None:
        yield diagnostics.UnexpectedBlock(at=statement.block.at, word=row.name, example=row.example)


def last_part(head: Statement) -> Span:
    """Where a head names what it extends."""
    return head.items[0].parts[-1].at if head.items else head.at


def a_block(block: str) -> str:
    return (
        "a file"
        if block == "file"
        else "a block of seeds"
        if block == "seeds"
        else f"a {block}".replace("a arm", "an arm")
    )


def name_of(head: Statement, complaints: Complaints) -> tuple[str | None, str | None]:
    """The name that a head gives, and what it extends; None for what is not there or was not understood."""

    def read(phrase: Reader) -> tuple[str, str | None]:
        name = phrase.take_name("a name").text
        base: str | None = None
        if head.word.at.text == "study" and phrase.takes("extends"):
            base = phrase.take_string("the path of a spec in quotes").text
        elif head.word.at.text == "ticket" and phrase.takes("extends"):
            base = phrase.take_name("the name of a ticket").text
        return name, base

    row = BLOCKS["study"].get(head.word.at.text) or BLOCKS["file"][head.word.at.text]
    phrase = Reader.of(head, row)
    phrase.slips = []
    try:
        named = read(phrase)
        complaints.extend(phrase.slips)
        complaints.attempt(phrase.take_end)
    except Misread as misread:
        complaints.extend((*phrase.slips, *misread.complaints))
        return None, None
    return named
