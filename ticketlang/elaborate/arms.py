"""Arms: a mask from somewhere on weights from somewhere."""

from collections.abc import Mapping
from typing import TypeVar

from .. import diagnostics
from ..study import Arm
from ..vocabulary.arms import MASKS, WEIGHTS
from .blocks import fields_of
from .complaints import Complaints, Misread
from .modules import Declaration
from .phrases import Reader

Origin = TypeVar("Origin")


def arm_of(declaration: Declaration, complaints: Complaints) -> Arm | None:
    """The arm, or None if something in it was not understood. Whatever is not said is the ticket's."""
    fields = fields_of(declaration.statement, "arm", complaints)
    mask = fields.read("mask", lambda phrase: _take_origin(phrase, MASKS))
    weights = fields.read("weights", lambda phrase: _take_origin(phrase, WEIGHTS))
    if ("mask" in fields and mask is None) or ("weights" in fields and weights is None):
        return None
    return Arm(name=declaration.name, mask=mask or "ticket", weights=weights or "ticket", at=declaration.at)


def _take_origin(phrase: Reader, origins: Mapping[str, Origin]) -> Origin:
    """A phrase of several words that is a row of a table."""
    if phrase.next is None:
        raise phrase.misread(f"one of {', '.join(f'`{origin}`' for origin in origins)}")
    at = phrase.here
    words: list[str] = []
    while phrase.next is not None:
        at = at.to(phrase.here)
        words.append(phrase.here.text)
        phrase.index += 1
    said = " ".join(words)
    if said in origins:
        return origins[said]
    known = tuple(origins)
    raise Misread(diagnostics.UnknownChoice(at=at, field=phrase.field.name, name=said, known=known))
