"""What every complaint has: a code, a place, facts, a sentence over the facts, and a way out."""

from typing import Any, ClassVar, Literal

import attrs
from attrs import frozen

from ..source import Span
from .fixes import Edit, is_slip

LONGEST_FACT = 160  # characters of a fact that are printed; a spec may hold a name of a megabyte


@frozen(kw_only=True, repr=False)
class Diagnostic:
    """A complaint about a place in a spec."""

    code: ClassVar[str]
    severity: ClassVar[Literal["error", "warning"]] = "error"
    says: ClassVar[str]
    label: ClassVar[str] = ""  # stands beside the underlined text
    help: ClassVar[str] = ""

    at: Span
    seconds: tuple[tuple[Span, str], ...] = ()  # other places that matter, and what stands there
    note: str = ""

    @property
    def message(self) -> str:
        return self.says.format_map(self._facts())

    @property
    def label_text(self) -> str:
        return self.label.format_map(self._facts())

    @property
    def help_text(self) -> str:
        return self.help.format_map(self._facts())

    @property
    def fix(self) -> tuple[Edit, ...]:
        """Edits that mend it; none where that is not certain."""
        return ()

    def _facts(self) -> dict[str, Any]:
        facts = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        return {name: _as_text(fact) for name, fact in facts.items() if name not in {"at", "seconds", "note"}}


def _as_text(fact: object) -> object:
    match fact:
        case tuple():
            return ", ".join(f"`{item}`" for item in fact)
        case str() if len(fact) > LONGEST_FACT:
            # Cut in the middle: of a path, the end says most.
            return f"{fact[: LONGEST_FACT // 2 - 1]}…{fact[-LONGEST_FACT // 2 :]}"
    return fact


@frozen(kw_only=True, repr=False)
class UnknownName(Diagnostic):
    """A name that means nothing here. The nearest one that does is offered."""

    is_closed: ClassVar[bool] = False  # all names there are belong to the language: a slip of one can mean no other

    name: str
    nearest: str | None = None
    origin: str = ""  # where that one comes from, such as "chen2020, used on line 3"
    known: tuple[str, ...] = ()  # all there are, where that is a short list
    example: str = ""  # of a right phrase, for those who were further off than by a slip

    @property
    def help_text(self) -> str:
        if self.nearest is not None:
            guess = f"did you mean `{self.nearest}`?" + (f" (from {self.origin})" if self.origin else "")
            return f"{guess} For example `{self.example}`" if self.example and not self.fix else guess
        if self.known:
            return f"there are {_as_text(self.known)}" + (f"; for example `{self.example}`" if self.example else "")
        return self.help.format_map(self._facts())

    @property
    def fix(self) -> tuple[Edit, ...]:
        if self.at.text != self.name or self.nearest in {None, self.name}:
            return ()
        meant = [name for name in self.known if is_slip(self.name, name)]
        is_certain = self.is_closed and meant == [self.nearest]
        is_same = self.name.lower() == self.nearest.lower()  # nobody has two names that differ in case alone
        return (Edit(self.at, self.nearest),) if is_certain or is_same else ()
