"""Questions about the records of a result: its files, its key, its inputs and its certificate."""

from math import isclose

from ticketlang.jobs import inputs_in, key_of_settings

from ..store import JSON, Artifact
from ..store.layout import OURS
from .questions import Answer
from .shelf import Shelf


def files(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether every file is there, with the bytes that were written."""
    there = shelf.store.disk.names(artifact.folder)
    wrong = [sentence.partition(": ")[2] for sentence in artifact.verify()]
    if not wrong:
        strangers = sorted(there.keys() - {*artifact.files, *OURS})
        wrong = [f"holds `{name}`, which is not part of it" for name in strangers]
    return Answer(max(len(there), len(wrong)), tuple(wrong))


def keys(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether a result lies under the key of the settings beside it."""
    found = key_of_settings(artifact.settings)
    return Answer(1, () if found == artifact.key else (f"lies under another key than its settings have, {found}",))


def inputs(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether everything that a result was made from is in the store, too."""
    named = inputs_in(artifact.settings)
    wrong = tuple(
        f"says that its {field} is {key}, and there is no such result"
        for field, key in named.items()
        if key not in shelf.there
    )
    return Answer(len(named), wrong)


def certificates(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether every check found what it expected, then as now."""
    checks = artifact.certificate.checks
    if not checks:
        return Answer(1, ("has a certificate without a check",))
    wrong = tuple(
        f"has a check that does not hold: {check.name}; expected {check.expected}, found {check.found}"
        for check in checks
        if not check.holds or not _agree(check.expected, check.found)
    )
    return Answer(len(checks), wrong)


def _agree(expected: JSON, found: JSON) -> bool:
    """Whether a check that holds says the same twice; scores that were measured anew may differ by a point."""
    if expected == found:
        return True
    if not (isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found)):
        return False
    numbers = all(isinstance(value, int | float) for value in (*expected, *found))
    return numbers and all(isclose(a, b, abs_tol=0.01) for a, b in zip(expected, found, strict=True))
