"""`ticketlang.load`: what a study found, in Python. Reads the store, and writes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
        raise ValueError("\n".join(f"{found.at}: [{found.code}] {found.message}" for found in checked.diagnostics))
    session = doorway.look(checked.study, spec, data, store)
    if session.gathered.facts is None:
        raise ValueError("\n".join(found.message for found in session.gathered.diagnostics))
    return doorway.loaded(session.whole_report(session.evidence(), written(checked.study, spec, store, data, settings)))
