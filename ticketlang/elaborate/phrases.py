"""Reading a phrase from left to right: what is next, what must come, and what was found instead."""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeVar

from attrs import define, frozen

from .. import diagnostics
from ..diagnostics import Diagnostic, UnknownName
from ..diagnostics.fixes import is_slip
from ..source import Span
from ..syntax import Equals, Item, Missing, Number, Part, Percent, Ratio, Statement, String, Sum, Word
from ..units import START, Duration, Unit, one_of, percent_text
from ..vocabulary.fields import Field
from ..vocabulary.words import FIXED, RESERVED
from .complaints import Misread
from .nearest import nearest

Row = TypeVar("Row")
T = TypeVar("T")

MOST = 10**9  # of anything that is counted
AND = "between the items of a list stands a comma; `+` makes one thing of several"
PLAIN_NAME = r"[^\W\d][\w-]*(\.[\w-]+)*"  # as WORD of grammar.lark; compiled when somebody quotes a name


@frozen(repr=False, eq=False)
class Comma:
    at: Span


@frozen(repr=False, eq=False)
class Name:
    """A name as it was written."""

    text: str
    at: Span


@define(eq=False, repr=False)
class Reader:
    """A place in a phrase. Methods called `take_...` move on, or raise `Misread` with what is wrong there."""

    field: Field
    parts: tuple[Part | Comma, ...]
    whole: Span  # what is underlined where the phrase ends too early
    index: int = 0
    slips: list[Diagnostic] | None = None  # of names that can only mean one thing; None: reading stops at the first

    @classmethod
    def of(cls, statement: Statement, field: Field) -> "Reader":
        """Reads a whole phrase, commas included."""
        parts: list[Part | Comma] = []
        for item in statement.items:
            if parts:
                parts.append(Comma(item.at))
            parts.extend(item.parts)
        return cls(field, tuple(parts), statement.at)

    @classmethod
    def of_sentence(cls, statement: Statement, field: Field) -> "Reader":
        """Reads a whole statement, the word that opens it included."""
        return cls(field, (statement.word, *cls.of(statement, field).parts), statement.at)

    @classmethod
    def of_item(cls, item: Item, field: Field) -> "Reader":
        """Reads what stands between two commas."""
        return cls(field, item.parts, item.at)

    # What is next

    @property
    def is_done(self) -> bool:
        return self.index == len(self.parts)

    @property
    def next(self) -> Part | Comma | None:
        part = None if self.is_done else self.parts[self.index]
        is_missing = isinstance(part, Missing) or (
            isinstance(part, Sum) and any(isinstance(atom, Missing) for atom in part.parts)
        )
        if is_missing:
            raise Misread
        return part

    @property
    def here(self) -> Span:
        return self.whole if self.is_done else self.parts[self.index].at

    def says(self, *words: str) -> bool:
        """Whether these words come next."""
        found = self.parts[self.index : self.index + len(words)]
        return tuple(part.text if isinstance(part, Word) else None for part in found) == words

    # Moving on

    def takes(self, *words: str) -> bool:
        """Pass over these words if they come next."""
        if self.says(*words):
            self.index += len(words)
            return True
        return False

    def takes_comma(self) -> bool:
        if isinstance(self.next, Comma):
            self.index += 1
            return True
        return False

    def take_words(self, *words: str) -> None:
        for place, word in enumerate(words):
            if not self.takes(word):
                raise self.misread(f"`{' '.join(words[place:])}`")

    def take_word(self, expected: str) -> Word:
        if isinstance(word := self.next, Word):
            self.index += 1
            return word
        raise self.misread(expected)

    def take_one_of(self, *words: str) -> str:
        """One of a few words."""
        word = self.take_word(_either(words))
        return word.text if word.text in words else self.pass_over(self._no_such_choice(word, words))

    def take_name(self, expected: str) -> Name:
        """A name that somebody gives or gave."""
        part = self.next
        if isinstance(part, String) and re.fullmatch(PLAIN_NAME, part.text):
            return self._bare(part)
        word = self.take_word(expected)
        if word.text in FIXED:
            self.index -= 1
            raise self.misread(expected)
        if word.text in RESERVED:
            raise Misread(diagnostics.ReservedName(at=word.at, name=word.text))
        return Name(word.text, word.at)

    def _bare(self, quoted: String) -> Name:
        """A name that stands in quotes is that name."""
        complaint = diagnostics.QuotedName(at=quoted.at, name=quoted.text)
        if self.slips is None:
            raise Misread(complaint)
        self.slips.append(complaint)
        self.index += 1
        return Name(quoted.text, quoted.at)

    def take_column(self, expected: str) -> Name:
        """The name of something outside the language: any word but the fixed ones, or a string."""
        part = self.next
        if isinstance(part, String) or (isinstance(part, Word) and part.text not in FIXED):
            self.index += 1
            return Name(part.text, part.at)
        raise self.misread(expected)

    def take_string(self, expected: str) -> String:
        if isinstance(part := self.next, String):
            if not part.text:
                raise self.misread(expected)
            self.index += 1
            return part
        raise self.misread(expected)

    def take_number(self, expected: str) -> Number:
        if isinstance(part := self.next, Number):
            self.index += 1
            return part
        raise self.misread(expected)

    def take_percent(self, expected: str) -> Percent:
        if isinstance(part := self.next, Percent):
            self.index += 1
            return part
        if isinstance(part, Number):
            raise Misread(_without_percent(part))
        raise self.misread(expected)

    def takes_ratio(self) -> Ratio | None:
        """`2:4`, if it comes next."""
        if isinstance(part := self.next, Ratio):
            self.index += 1
            return part
        return None

    def take_terms(self, expected: str) -> tuple[Word, ...]:
        """A word, or several joined by `+`."""
        part = self.next
        if isinstance(part, String) and re.fullmatch(PLAIN_NAME, part.text):
            name = self._bare(part)
            return (Word(name.text, name.at),)
        terms = part.parts if isinstance(part, Sum) else (part,)
        if any(not isinstance(term, Word) or term.text in FIXED for term in terms):
            raise self.misread(expected)
        self.index += 1
        return tuple(term for term in terms if isinstance(term, Word))

    def take_whole(self, what: str, least: int = 1) -> int:
        """A whole number without a unit."""
        number = self.take_number(f"a whole number of at least {least}")
        if number.value.denominator != 1 or not least <= number.value <= MOST:
            raise Misread(diagnostics.NotWhole(at=number.at, what=what, found=number.text, least=least))
        return int(number.value)

    def take_count(self, unit: str, least: int = 1) -> int:
        """A whole number of things: `32 examples`."""
        number = self.take_number(f"a number of {unit}")
        self._take_unit(number, unit)
        if number.value.denominator != 1 or not least <= number.value <= MOST:
            raise Misread(
                diagnostics.NotWhole(at=number.at, what=f"a number of {unit}", found=number.text, least=least)
            )
        return int(number.value)

    def take_duration(self, *units: Unit) -> Duration:
        """`500 steps`, `3 epochs` or `5% of training`, as far as `units` allow."""
        start, part = self.here, self.next
        if isinstance(part, Percent):
            self.index += 1
            if self.is_done:
                right = f"{part.text} of training"
                raise Misread(
                    diagnostics.UnitMissing(at=part.at, number=part.text, right=right, is_certain="training" in units)
                )
            self.take_words("of", "training")
            amount, unit = part.value, "training"
            if amount >= 1:
                raise self.out_of_range(part, "a share of training", "below 100%")
        elif isinstance(part, Number):
            self.index += 1
            amount, unit = part.value, self._take_unit(part, *units)
            if unit == "steps" and amount.denominator != 1:
                raise Misread(diagnostics.NotWhole(at=part.at, what="a number of steps", found=part.text, least=0))
            if amount > MOST:
                raise self.out_of_range(part, f"a number of {unit}", f"at most {MOST}")
        else:
            raise self.misread(_either(units, quoted=False))
        for known in units:
            if unit == known:
                return Duration(amount, known)
        raise self._wrong_unit(start.to(self._last), units, unit)

    def take_point(self) -> Duration:
        """A point of a training; its start has one spelling, whatever unit it was written in."""
        point = self.take_duration("steps", "epochs", "training")
        return point if point.amount else START

    def take_row(self, table: dict[str, Row], unknown: Callable[[], type[UnknownName]], expected: str) -> Row:
        """The row of a table that is named by the longest run of words that has one.

        Args:
            unknown: gives the complaint about a name that has none, when there is something to complain about.
        """
        first = self.take_word(expected)
        words = [first.text]
        while self.parts[self.index :] and isinstance(part := self.parts[self.index], Word) and part.text not in FIXED:
            words.append(part.text)
            self.index += 1
        for length in range(len(words), 0, -1):
            if (row := table.get(" ".join(words[:length]))) is not None:
                self.index -= len(words) - length
                return row
        # A slip of a row, with words of the phrase after it, or else all of the words.
        length = next((n for n in range(len(words), 0, -1) if _is_slip_of_one(words[:n], table)), len(words))
        self.index -= len(words) - length
        name, known = " ".join(words[:length]), tuple(table)
        guess = nearest(name, table) or next(filter(None, (nearest(word, table) for word in words)), None)
        complaint = unknown()(
            at=first.at.to(self._last), name=name, nearest=guess, known=known, example=self.field.example
        )
        return table[self.pass_over(complaint)]

    def pass_over(self, complaint: UnknownName) -> str:
        """What was meant by a name, if that is certain: so what comes after it is read, too."""
        if self.slips is None or not complaint.fix or complaint.nearest is None:
            raise Misread(complaint)
        self.slips.append(complaint)
        return complaint.nearest

    def read_whole(self, read: Callable[["Reader"], T]) -> T:
        """What `read` makes of the phrase, to its very end.

        Raises:
            Misread: with everything that was wrong on the way.
        """
        slips = self.slips = []
        try:
            value = read(self)
            self.take_end()
        except Misread as misread:
            raise Misread(*slips, *misread.complaints) from None
        if slips:
            raise Misread(*slips)
        return value

    def take_end(self) -> None:
        """Nothing may follow."""
        if self.next is not None:
            raise self.misread("nothing more")

    # What is wrong

    def misread(self, expected: str) -> Misread:
        """To be raised: what comes next is not what was expected."""
        return Misread(self.complaint(expected))

    def complaint(self, expected: str) -> Diagnostic:
        part = self.next
        if isinstance(part, Equals):
            return diagnostics.NeedlessEquals(at=part.at, example=self.field.example)
        return diagnostics.NotUnderstood(
            at=self.here,
            field=self.field.name,
            expected=expected,
            found="nothing" if part is None else "a comma" if isinstance(part, Comma) else f"`{part.at.text}`",
            example=self.field.example,
            note=AND if isinstance(part, Word) and part.text == "and" else "",
        )

    @property
    def _last(self) -> Span:
        return self.parts[self.index - 1].at

    def _take_unit(self, number: Number, *units: str) -> str:
        part = self.next
        if not isinstance(part, Word) or part.text in FIXED:
            right = f"{number.text} {units[0]}"
            is_certain = len(units) == 1
            raise Misread(diagnostics.UnitMissing(at=number.at, number=number.text, right=right, is_certain=is_certain))
        self.index += 1
        for unit in units:
            if part.text in {unit, one_of(unit)}:
                return unit
        raise self._wrong_unit(part.at, units, part.text)

    def no_such_unit(self, number: Number, *units: str) -> Misread:
        """To be raised: what comes after a number is not its unit, or is another one."""
        part = self.next
        if isinstance(part, Word) and part.text not in FIXED:
            return self._wrong_unit(part.at, units, part.text)
        return Misread(diagnostics.UnitMissing(at=number.at, number=number.text, right=f"{number.text} {units[0]}"))

    def _wrong_unit(self, at: Span, units: tuple[str, ...], found: str) -> Misread:
        return Misread(
            diagnostics.WrongUnit(
                at=at, field=self.field.name, expected=_either(units), found=found, example=self.field.example
            )
        )

    def out_of_range(self, part: Number | Percent | Ratio, what: str, range_: str) -> Misread:
        return Misread(
            diagnostics.OutOfRange(at=part.at, what=what, range=range_, found=part.text, example=self.field.example)
        )

    def _no_such_choice(self, word: Word, choices: tuple[str, ...]) -> UnknownName:
        return diagnostics.UnknownChoice(
            at=word.at,
            field=self.field.name,
            name=word.text,
            nearest=nearest(word.text, choices),
            known=choices,
            example=self.field.example,
        )


def _is_slip_of_one(words: list[str], table: Mapping[str, object]) -> bool:
    return sum(is_slip(" ".join(words), name) for name in table) == 1


def _without_percent(number: Number) -> Diagnostic:
    """`70` is 70%, and `0.7` most likely that as well."""
    as_percent = f"{number.text}%"
    if number.value > 1:
        return diagnostics.UnitMissing(at=number.at, number=number.text, right=as_percent, is_certain=True)
    share = percent_text(number.value)
    return diagnostics.UnitMissing(at=number.at, number=number.text, right=share, other=as_percent)


def check_above_zero(reader: Reader, number: Number, what: str) -> Fraction:
    """The number's value, which may not be zero."""
    if not number.value:
        raise reader.out_of_range(number, what, "above zero")
    return number.value


def text_of(parts: Iterator[Part] | tuple[Part, ...]) -> str:
    """Parts as they were written, layout aside."""
    return " ".join(" + ".join(atom.at.text for atom in p.parts) if isinstance(p, Sum) else p.at.text for p in parts)


def _either(words: tuple[str, ...], quoted: bool = True) -> str:
    shown = [f"`{word}`" if quoted else word for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
