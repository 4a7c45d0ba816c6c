"""Arms: a mask from somewhere on weights from somewhere."""

from collections.abc import Mapping
from typing import TypeVar

from .. import diagnostics
from ..study import Arm, MaskOrigin, Partner, Return
from ..syntax import Word
from ..vocabulary.arms import COMBINED, MASKS, WEIGHTS
from .blocks import fields_of
from .complaints import Complaints, Misread
from .modules import Declaration
from .phrases import Reader

Origin = TypeVar("Origin")


def arm_of(declaration: Declaration, complaints: Complaints) -> Arm | None:
    """The arm, or None if something in it was not understood. Whatever is not said is the ticket's."""
    fields = fields_of(declaration.statement, "arm", complaints)
    found = fields.read("mask", _take_mask)
    mask, partner = found or (None, None)
    weights = fields.read("weights", lambda phrase: _take_origin(phrase, WEIGHTS))
    rewind = fields.read("rewind", _take_return)
    if any(
        word in fields and found is None for word, found in (("mask", mask), ("weights", weights), ("rewind", rewind))
    ):
        return None
    return Arm(
        name=declaration.name,
        mask=mask or "ticket",
        partner=partner,
        weights=weights or "ticket",
        rewind=rewind,
        at=declaration.at,
    )


def _take_mask(phrase: Reader) -> tuple[MaskOrigin, Partner | None]:
    """`of ticket`, `union of ticket with imp from mlm`."""
    for word, origin in COMBINED.items():
        if phrase.takes(word):
            phrase.take_words("of", "ticket", "with")
            name = phrase.take_name("the name of another ticket")
            source = "+".join(term.text for term in _take_source(phrase)) if phrase.takes("from") else None
            return origin, Partner(ticket=name.text, source=source, at=name.at)
    return _take_origin(phrase, MASKS, tuple(COMBINED)), None


def _take_return(phrase: Reader) -> Return:
    """`5% of training`, `0 steps`, `1 epoch on target`."""
    start = phrase.here
    point = phrase.take_point()
    return Return(point=point, is_of_target=phrase.takes("on", "target"), at=start)


def _take_source(phrase: Reader) -> tuple[Word, ...]:
    return phrase.take_terms("the name of a source")


def _take_origin(phrase: Reader, origins: Mapping[str, Origin], others: tuple[str, ...] = ()) -> Origin:
    """A phrase of several words that is a row of a table.

    Args:
        others: what else might have been said, and is not in the table.
    """
    if phrase.next is None:
        raise phrase.misread(f"one of {', '.join(f'`{origin}`' for origin in (*origins, *others))}")
    at = phrase.here
    words: list[str] = []
    while phrase.next is not None:
        at = at.to(phrase.here)
        words.append(phrase.here.text)
        phrase.index += 1
    said = " ".join(words)
    if said in origins:
        return origins[said]
    known = (*origins, *(f"{other} of ticket with ..." for other in others))
    raise Misread(diagnostics.UnknownChoice(at=at, field=phrase.field.name, name=said, known=known))
