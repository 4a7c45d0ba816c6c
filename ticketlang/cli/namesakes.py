"""Other studies of the same name in a store: told, and kept apart where one would take the place of the other."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from .common import read_spec

if TYPE_CHECKING:
    from .doorway import Session


def namesakes(session: "Session") -> tuple[Path, ...]:
    """Specs that were run with the store of a session, and whose study is still called as this one is."""
    return tuple(path for path in session.other_origins() if _study_in(path) == session.study.name)


def _study_in(path: Path) -> str | None:
    read = read_spec(path)
    return None if isinstance(read, str) or read[1].study is None else read[1].study.name


def told(name: str, others: tuple[Path, ...]) -> str:
    """A warning to whoever runs one of them."""
    where = ", ".join(map(shown, others))
    return (
        f"{where} {'has' if len(others) == 1 else 'have'} a study called `{name}`, too, which was run with this store:"
        " `store list` counts them as one; call this one otherwise, or give it a store of its own"
    )


def shown(path: Path) -> str:
    """A path as people would type it from here."""
    near = os.path.relpath(path)
    return near if len(near) < len(str(path)) else str(path)


def page_of(session: "Session", store: Path) -> Path:
    """Where the page of a study goes unless somebody says where: beside the store, and over no namesake's."""
    name, others = session.study.name, namesakes(session)
    if not others:
        return store.parent / f"{name}.html"
    stem = session.spec.stem
    if stem in {path.stem for path in others}:
        stem = blake2b(os.fsencode(session.spec.resolve()), digest_size=4).hexdigest()
    return store.parent / f"{name}-{stem}.html"
