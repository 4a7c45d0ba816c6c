"""What the language gives to a report: the text, how it differs from the paper, and commands to go on with."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..highlighting import highlighted
from ..library import read_source
from ..paper import beside_the_paper
from ..study import Study
from . import doorway
from .common import STORE


def written(
    study: Study, spec: Path, store: Path, data: Path | None, settings: Sequence[str] = ()
) -> "doorway.Written":
    """The study as it was written in a file, and asked for on a command line."""
    source = read_source(spec)
    again = [
        *(() if store == STORE else ("--store", str(store))),
        *(() if data is None else ("--data", str(data))),
        *(word for setting in settings for word in ("--set", setting)),
        str(spec),
    ]
    return doorway.written(
        () if isinstance(source, str) else highlighted(source.text),
        beside_the_paper(study),
        name=spec.name,
        show=shlex.join(("ticketrun", "show", *again)),
        run=shlex.join(("ticketrun", "run", *again)),
    )
