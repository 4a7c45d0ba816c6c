"""`ticketlang.load`: what a study found, in Python. Reads the store, and writes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic
from ..elaborate.extending import SETTING
from . import doorway
from .common import read_spec
from .writing import written

if TYPE_CHECKING:
    from .doorway import Loaded


def load(spec: Path, store: Path, data: Path | None, settings: Sequence[str]) -> "Loaded":
    """See `ticketlang.load`."""
    read = read_spec(spec, settings)
    if isinstance(read, str):
        raise ValueError(f"{spec} cannot be read: {read}")
    _, checked = read
    if checked.study is None:
        raise ValueError("\n".join(map(_in_a_line, checked.diagnostics)))
    try:
        session = doorway.look(checked.study, spec, data, store)
    except doorway.troubles() as trouble:
        trouble.args = (str(trouble).replace("--store", "`store=`"),)
        raise
    if session.gathered.facts is None:
        raise ValueError("\n".join(found.message for found in session.gathered.diagnostics))
    return doorway.loaded(session.whole_report(session.evidence(), written(checked.study, spec, store, data, settings)))


def _in_a_line(found: Diagnostic) -> str:
    """A mistake and the way out, in the words of those who call from Python."""
    place = str(found.at)
    place = f"settings{place.removeprefix(SETTING)}" if found.at.source.name == SETTING else place
    return f"{place}: [{found.code}] {found.message}; {found.help_text}"
