"""What can be wrong with a study: one small class per complaint. Reading this file is reading the manual.

A complaint knows its place first, then its facts. `says` and `help` are sentences over the facts, in lower case, with
names in backticks; `label` stands beside the underlined text. One value feeds the terminal, `--json` and the editor.
"""

from typing import ClassVar, Literal

from attrs import field, frozen

from .source import Span


@frozen(kw_only=True)
class Diagnostic:
    """A complaint about a place in a spec."""

    code: ClassVar[str]
    severity: ClassVar[Literal["error", "warning"]] = "error"
    says: ClassVar[str]
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""

    at: Span
    seconds: tuple[tuple[Span, str], ...] = field(default=())    # other places that matter, and what stands there
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

    def _facts(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in dir(type(self)) if not name.startswith("_")
                and name not in {"message", "label_text", "help_text"}}
