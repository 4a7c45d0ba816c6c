"""Complaints about how a text is written, whatever it means."""

from typing import ClassVar

from attrs import frozen

from ..source import Span
from .base import Diagnostic
from .fixes import Edit


@frozen(kw_only=True)
class UnreadableText(Diagnostic):
    code = "unreadable-text"
    says = "`{text}` is neither a word nor a quantity"
    help = "{way_out}"
    text: str
    way_out: str
    instead: str | None = None  # what was meant, where that is certain

    @property
    def fix(self) -> tuple[Edit, ...]:
        return () if self.instead is None else (Edit(self.at, self.instead),)


@frozen(kw_only=True)
class UnclosedString(Diagnostic):
    code = "unclosed-string"
    says = "this string does not end on its line"
    label = "opened here"
    help = 'it ends with a `"` on the line that it begins on'


@frozen(kw_only=True)
class ControlCharacter(Diagnostic):
    code = "control-character"
    says = "a string holds a control character"
    help = "write what can be seen; tabs and line ends have no place in a name"


@frozen(kw_only=True)
class NumberTooLong(Diagnostic):
    code = "number-too-long"
    says = "this number has more digits than any experiment needs"
    help = "at most {digits} digits on either side of the point"
    digits: int


@frozen(kw_only=True)
class TrailingComma(Diagnostic):
    code = "trailing-comma"
    says = "a list ends in a comma"
    label = "nothing follows this comma"
    help = "remove the comma, or name one more; a list may go on in the next line"

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, ""),)


@frozen(kw_only=True)
class MissingItem(Diagnostic):
    code = "missing-item"
    says = "{expected}, found {found}"
    help = "`,`, `+` and `=` stand between two things"
    expected: str
    found: str


@frozen(kw_only=True)
class NeedlessEquals(Diagnostic):
    code = "needless-equals"
    says = "a word and what is said about it stand side by side, without `=`"
    help = "for example `{example}`; `=` is for groups alone: `group small = mrpc, rte`"
    example: str

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, ""),)


@frozen(kw_only=True)
class AnotherLanguage(Diagnostic):
    code = "another-language"
    says = "this is written in {language}, and a spec is written in blocks of lines: `study mine {{ seeds 1, 2, 3 }}`"
    help = "`ticketrun new NAME` writes a spec to start from"
    language: str


@frozen(kw_only=True)
class StatementExpected(Diagnostic):
    code = "statement-expected"
    says = "{expected}, found {found}"
    help = "a line is a word and what is said about it: `seeds 1, 2, 3`"
    expected: str
    found: str


@frozen(kw_only=True)
class LineEndExpected(Diagnostic):
    code = "line-end-expected"
    says = "{expected}, found {found}"
    help = "end the line before it, or write `;`"
    expected: str
    found: str


@frozen(kw_only=True)
class BraceOnNextLine(Diagnostic):
    code = "brace-on-next-line"
    says = "the brace of a block stands on the line of its head"
    help = "move `{{` to the end of the line before"
    after: Span  # the head that it belongs to ends with this

    @property
    def fix(self) -> tuple[Edit, ...]:
        end = self.after.stop
        return (Edit(self.at.source.span(end, end), " {"), Edit(self.at, ""))


@frozen(kw_only=True)
class UnclosedBlock(Diagnostic):
    code = "unclosed-block"
    says = "{block} is not closed"
    label = "opened here"
    help = "it ends with a `}}` of its own"
    block: str


@frozen(kw_only=True)
class StrayBrace(Diagnostic):
    code = "stray-brace"
    says = "this brace closes nothing"
    help = "remove it, or look for a block that was closed too early"


@frozen(kw_only=True)
class NestedTooDeep(Diagnostic):
    code = "nested-too-deep"
    says = "blocks stand in blocks more than {limit} deep"
    help = "a study holds tickets and claims, and these hold no further blocks"
    limit: int


@frozen(kw_only=True)
class FileTooLarge(Diagnostic):
    code = "file-too-large"
    says = "this file has {size} characters, and a spec may have {limit}"
    help = "specs hold names and settings; data belongs into files of its own"
    size: int
    limit: int


@frozen(kw_only=True)
class TooManyMistakes(Diagnostic):
    code = "too-many-mistakes"
    says = "more than {limit} mistakes: reading stops here"
    help = "is this a `.ticket` file?"
    limit: int


@frozen(kw_only=True)
class UnreadableFile(Diagnostic):
    """Why a used file could not be read."""

    code: ClassVar[str] = "unreadable-file"
    says = "`{name}` cannot be read: {reason}"
    help = "paths are relative to the file they are written in"
    name: str
    reason: str
