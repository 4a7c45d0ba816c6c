"""What the language gives to a report: the text, how it differs from the paper, and commands to go on with."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..highlighting import highlighted
from ..library import read_source
from ..paper import beside_the_paper
from ..study import Study
from . import doorway
from .onward import NAME, again


def written(
    study: Study, spec: Path, store: Path, data: Path | None, settings: Sequence[str] = ()
) -> "doorway.Written":
    """The study as it was written in a file, and asked for on a command line."""
    source = read_source(spec)
    words = (*again(store, data, settings), str(spec))
    return doorway.written(
        () if isinstance(source, str) else highlighted(source.text),
        beside_the_paper(study),
        name=spec.name,
        show=shlex.join((NAME, "show", *words)),
        run=shlex.join((NAME, "run", *words)),
    )
