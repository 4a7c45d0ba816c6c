"""Complaints about names: unknown ones, doubled ones, and fields that stand where they do not belong."""

from attrs import frozen

from .base import Diagnostic, UnknownName
from .fixes import Edit


@frozen(kw_only=True)
class UnknownField(UnknownName):
    code = "unknown-field"
    says = "{block} has no field `{name}`"
    help = "see the reference for the fields of {block}"
    is_closed = True
    block: str
    home: str = ""  # the blocks that have what is meant, where this one has not

    @property
    def help_text(self) -> str:
        if self.home:
            return f"{self.home} may say `{self.example}`"
        return super().help_text


@frozen(kw_only=True)
class QuotedName(Diagnostic):
    code = "quoted-name"
    says = "the name `{name}` stands in quotes"
    help = "names of the language stand without; quotes are for paths, for hub names and for columns"
    name: str

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, self.name),)


@frozen(kw_only=True)
class MisplacedField(Diagnostic):
    code = "misplaced-field"
    says = "`{name}` does not belong into {block}"
    help = "it is a field of {home}"
    name: str
    block: str
    home: str


@frozen(kw_only=True)
class RepeatedField(Diagnostic):
    code = "repeated-field"
    says = "`{name}` is said twice"
    label = "said again"
    help = "keep one; several values stand in one list"
    name: str


@frozen(kw_only=True)
class MissingField(Diagnostic):
    code = "missing-field"
    says = "{block} does not say {fields}"
    label = "says nothing about {fields}"
    help = "for example `{example}`"
    fields: tuple[str, ...]
    block: str
    example: str


@frozen(kw_only=True)
class MissingBlock(Diagnostic):
    code = "missing-block"
    says = "`{word}` needs a block"
    help = "for example `{example}`"
    word: str
    example: str


@frozen(kw_only=True)
class UnexpectedBlock(Diagnostic):
    code = "unexpected-block"
    says = "`{word}` has no block"
    help = "it stands on one line: `{example}`"
    word: str
    example: str


@frozen(kw_only=True)
class NameTaken(Diagnostic):
    code = "name-taken"
    says = "`{name}` is named twice"
    label = "named again"
    help = "give one of them another name"
    name: str


@frozen(kw_only=True)
class NameClash(Diagnostic):
    code = "name-clash"
    says = "`{name}` means two things: one in {first}, one in {second}"
    help = "use one of the two files, or define `{name}` here"
    name: str
    first: str
    second: str


@frozen(kw_only=True)
class ReservedName(Diagnostic):
    code = "reserved-name"
    says = "`{name}` is a word of the language and cannot be a name"
    help = "choose another; a column of a file may be called so in double quotes"
    name: str


@frozen(kw_only=True)
class NamedTwiceInList(Diagnostic):
    code = "named-twice"
    says = "`{name}` stands twice in this list"
    label = "again"
    help = "remove one of them"
    name: str

    @property
    def fix(self) -> tuple[Edit, ...]:
        """Take it out with the comma before it, if nothing but white space lies between."""
        before = self.at.source.text[: self.at.start].rstrip()
        if not before.endswith(","):
            return ()
        return (Edit(self.at.source.span(len(before) - 1, self.at.stop), ""),)


@frozen(kw_only=True)
class UnknownTask(UnknownName):
    code = "unknown-task"
    says = "no task is called `{name}`"
    label = "not a task of this study"
    help = "write `task {name} {{ ... }}`, or `use` the file that has it; `use chen2020` brings the paper's tasks"


@frozen(kw_only=True)
class UnknownTicket(UnknownName):
    code = "unknown-ticket"
    says = "no ticket is called `{name}`"
    help = "write `ticket {name} {{ ... }}` in the study"


@frozen(kw_only=True)
class UnknownBaseTicket(UnknownName):
    code = "unknown-base-ticket"
    says = "no file in sight has a ticket called `{name}`"
    help = "write `ticket {name} {{ ... }}` outside of the study, or `use` the file that has it"


@frozen(kw_only=True)
class UnknownArm(UnknownName):
    code = "unknown-arm"
    says = "no arm is called `{name}`"
    help = "write `arm {name} {{ ... }}`"


@frozen(kw_only=True)
class ArmNotRun(Diagnostic):
    code = "arm-not-run"
    says = "`{name}` is not run in this study"
    help = "`baselines` names the arms that are run"
    name: str


@frozen(kw_only=True)
class UnknownLibrary(UnknownName):
    code = "unknown-library"
    says = "nothing called `{name}` ships with ticketlang"
    help = 'a file of yours stands in quotes: `use "{name}.ticket"`'


@frozen(kw_only=True)
class UsesItself(Diagnostic):
    code = "uses-itself"
    says = "`{name}` uses this file in turn"
    help = "move what both need into a third file"
    name: str


@frozen(kw_only=True)
class TooManyFiles(Diagnostic):
    code = "too-many-files"
    says = "more than {limit} files use each other"
    help = "a study needs a handful"
    limit: int


@frozen(kw_only=True)
class ExtendsItself(Diagnostic):
    code = "extends-itself"
    says = "`{name}` extends itself"
    label = "comes back to `{name}`"
    help = "extend a task that stands on its own"
    name: str


@frozen(kw_only=True)
class GroupHoldsItself(Diagnostic):
    code = "group-holds-itself"
    says = "the group `{name}` holds itself"
    help = "name its tasks"
    name: str


@frozen(kw_only=True)
class ChainTooLong(Diagnostic):
    code = "chain-too-long"
    says = "`{name}` leads through more than {limit} others"
    help = "extend a task that says most of it, or name the tasks of a group"
    name: str
    limit: int


@frozen(kw_only=True)
class NoStudy(Diagnostic):
    code = "no-study"
    says = "there is no study in this file"
    help = "write `study NAME {{ ... }}`"


@frozen(kw_only=True)
class ExtendsNoStudy(Diagnostic):
    code = "extends-no-study"
    says = "there is no study in `{name}`"
    help = 'tasks, groups and arms of a file are had by `use "{name}"`'
    name: str


@frozen(kw_only=True)
class NothingToDrop(Diagnostic):
    code = "nothing-to-drop"
    says = "this study extends no other, and has nothing to drop"
    help = "leave out what it should not say"


@frozen(kw_only=True)
class NotThereToDrop(UnknownName):
    code = "not-there-to-drop"
    says = "the study that is extended has no `{name}`"
    help = "what is not there need not be dropped"


@frozen(kw_only=True)
class UnknownPath(UnknownName):
    code = "unknown-path"
    says = "no ticket or task is called `{name}`"
    help = "write `TICKET.FIELD`, `TASK.FIELD`, or a field of the study"


@frozen(kw_only=True)
class SecondStudy(Diagnostic):
    code = "second-study"
    says = "a file holds one study, and `{name}` is another"
    help = "give it a file of its own"
    name: str
