"""Files that use each other, and what their names stand for.

A file sees its own names first, then those of the files it uses, and of the files these use. The baselines that ship
are always in sight.
"""

from collections.abc import Iterator
from typing import Literal, Protocol

from attrs import define, field, frozen

from .. import diagnostics
from ..diagnostics.fixes import is_slip
from ..parse import parse
from ..source import Source, Span
from ..syntax import File, Statement, String
from ..vocabulary.fields import FILE
from .blocks import sort_fields
from .complaints import Complaints
from .nearest import nearest
from .phrases import Reader

MOST_FILES = 100
ALWAYS = "baselines"  # the shipped file that is used without being named

Space = Literal["task", "arm", "ticket"]  # tasks and groups share their names, for they stand in the same lists
Word = Literal["task", "group", "arm", "ticket"]
WORDS: tuple[Word, ...] = ("task", "group", "arm", "ticket")


class Loads(Protocol):
    """How files named by `use` are read."""

    def shipped(self, name: str) -> Source | None:
        """A file of the library; None: there is none of that name."""
        ...

    def shipped_names(self) -> tuple[str, ...]: ...

    def beside(self, path: str, source: Source) -> Source | str:
        """A file by its path relative to another one, or why it cannot be read."""
        ...


@frozen(eq=False, repr=False)
class Declaration:
    """A name that a file gives to a task, a group or an arm."""

    word: Word
    name: str
    extends: str | None
    statement: Statement
    module: "Module"
    at: Span  # of the name

    @property
    def space(self) -> Space:
        return "task" if self.word == "group" else self.word


@define(eq=False, repr=False)
class Module:
    """A file's statements by word, and the names in its sight."""

    source: Source
    is_shipped: bool
    statements: dict[str, tuple[Statement, ...]] = field(factory=dict)
    own: dict[tuple[Space, str], Declaration] = field(factory=dict)
    used: dict[tuple[Space, str], Declaration] = field(factory=dict)
    is_partial: bool = False  # a file that it uses was not had: what it does not know may be named there
    base: "Module | None" = None  # the file whose study the study of this one extends

    def find(self, space: Space, name: str, besides: Declaration | None = None) -> Declaration | None:
        """What a name stands for here; `besides` a declaration that looks for its namesake in a used file."""
        own = self.own.get((space, name))
        return own if own is not None and own is not besides else self.used.get((space, name))

    def origin(self, space: Space, name: str) -> str:
        """Where a name that was not given here comes from, such as `chen2020, used on line 3`."""
        found = self.find(space, name)
        if found is None or found.module is self:
            return ""
        home = found.module.source.name.strip("<>")
        uses = [item for statement in self.statements.get("use", ()) for item in statement.items]
        lines = [item.at.line_and_column[0] for item in uses if item.at.text == home]
        return f"{home}, used on line {lines[0]}" if lines else home

    def may_lack(self, name: str, nearest: str | None) -> bool:
        """Whether a name that nothing here has is that of a file that was not had, and no slip of one that is here."""
        return self.is_partial and not (nearest is not None and is_slip(name, nearest))

    def names(self, space: Space) -> tuple[str, ...]:
        return tuple(name for found, name in (*self.own, *self.used) if found == space)


@define(eq=False, repr=False)
class Modules:
    """The files of a study, each read once."""

    loads: Loads
    complaints: Complaints
    opened: dict[object, Module | None] = field(factory=dict)  # None: being read
    sources: list[Source] = field(factory=list)  # in the order in which they were first used

    def open(self, tree: File, is_shipped: bool = False) -> Module:
        """Read the files that a file uses, and collect its names."""
        self.sources.append(tree.source)
        key = _key(tree.source)
        self.opened[key] = None
        module = Module(tree.source, is_shipped)
        module.statements, _ = sort_fields(tree.statements, "file", self.complaints)
        for statement in module.statements.get("use", ()):
            self._use(module, statement)
        for statement in module.statements.get("study", ())[:1]:
            self.complaints.attempt(lambda s=statement: self._extend(module, s))  # type: ignore[misc]  # mypy cannot type a lambda's default
        # Last, so that whatever is named has precedence.
        if tree.source.name != _shipped_name(ALWAYS) and (source := self.loads.shipped(ALWAYS)):
            self._see(module, self._read(source, is_shipped=True), None)
        for declaration in self._declarations(module):
            self._add(module, declaration)
        self.opened[key] = module
        return module

    def _use(self, module: Module, statement: Statement) -> None:
        for item in statement.items:
            self.complaints.attempt(lambda item=item: self._use_one(module, Reader.of_item(item, FILE["use"])))  # type: ignore[misc]  # mypy cannot type a lambda's default
        if not statement.items:
            self.complaints.add(Reader.of(statement, FILE["use"]).complaint("the name of a file"))

    def _use_one(self, module: Module, phrase: Reader) -> None:
        at, is_file = phrase.here, isinstance(phrase.next, String)
        if is_file:
            name = phrase.take_string("the name of a file").text
            found = self.loads.beside(name, module.source)
        else:
            name = phrase.take_word("the name of a file").text
            found = self.loads.shipped(name) or ""
        phrase.take_end()
        module.is_partial |= not isinstance(found, Source)
        if isinstance(found, Source):
            self._use_source(module, found, name, at, is_shipped=not is_file)
        elif is_file:
            self.complaints.add(diagnostics.UnreadableFile(at=at, name=name, reason=found))
        else:
            names = self.loads.shipped_names()
            guess = nearest(name, names)
            self.complaints.add(diagnostics.UnknownLibrary(at=at, name=name, nearest=guess, known=names))

    def _extend(self, module: Module, head: Statement) -> None:
        """Read the file of `study small extends "universal.ticket"`; its names come into sight."""
        phrase = Reader.of(head, FILE["study"])
        while phrase.next is not None and not phrase.takes("extends"):
            phrase.index += 1
        if phrase.next is None:
            return
        path = phrase.take_string("the path of a spec in quotes")
        found = self.loads.beside(path.text, module.source)
        if isinstance(found, Source):
            self._use_source(module, found, path.text, path.at, is_shipped=False, may_clash=False)
            module.base = self.opened.get(_key(found))
        else:
            module.is_partial = True
            self.complaints.add(diagnostics.UnreadableFile(at=path.at, name=path.text, reason=found))

    def _use_source(
        self, module: Module, source: Source, name: str, at: Span, *, is_shipped: bool, may_clash: bool = True
    ) -> None:
        if self.opened.get(_key(source), module) is None:
            self.complaints.add(diagnostics.UsesItself(at=at, name=name))
        elif len(self.opened) >= MOST_FILES:
            self.complaints.add(diagnostics.TooManyFiles(at=at, limit=MOST_FILES))
        else:
            self._see(module, self._read(source, is_shipped), at if may_clash else None)

    def _read(self, source: Source, is_shipped: bool) -> Module:
        known = self.opened.get(_key(source))
        if known is not None:
            return known
        tree, malformed = parse(source)
        self.complaints.extend(malformed)
        return self.open(tree or File((), (), source), is_shipped)

    def _see(self, module: Module, used: Module, at: Span | None) -> None:
        """Bring the names of a used file into sight."""
        module.is_partial |= used.is_partial
        for key, declaration in {**used.used, **used.own}.items():
            earlier = module.used.setdefault(key, declaration)
            if at is not None and earlier is not declaration:
                first, second = earlier.module.source.name, declaration.module.source.name
                self.complaints.add(diagnostics.NameClash(at=at, name=key[1], first=first, second=second))

    def _declarations(self, module: Module) -> Iterator[Declaration]:
        for word in WORDS:
            for statement in module.statements.get(word, ()):
                found = self.complaints.attempt(lambda s=statement, w=word: _declared(module, s, w))  # type: ignore[misc]  # mypy cannot type a lambda's default
                if found is not None:
                    yield found

    def _add(self, module: Module, declaration: Declaration) -> None:
        key = (declaration.space, declaration.name)
        earlier = module.own.setdefault(key, declaration)
        if earlier is not declaration:
            first = (earlier.at, "first named here")
            self.complaints.add(diagnostics.NameTaken(at=declaration.at, name=declaration.name, seconds=(first,)))


def _declared(module: Module, statement: Statement, word: Word) -> Declaration:
    phrase = Reader.of(statement, FILE[word])
    name = phrase.take_name(f"the name of the {word}")
    extends = word in {"task", "ticket"} and phrase.takes("extends")
    base = phrase.take_name(f"the name of a {word}").text if extends else None
    if word != "group":
        phrase.take_end()
    return Declaration(word, name.text, base, statement, module, name.at)


def _key(source: Source) -> object:
    return source.path.resolve() if source.path else source.name


def _shipped_name(name: str) -> str:
    return f"<{name}>"
