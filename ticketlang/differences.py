"""What two studies say differently, in the language's own words."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from .phrasing import Said, statements_of
from .study import Study


@frozen
class Difference:
    """A place, and what each of two studies says there; None: nothing."""

    place: str  # a block: `ticket imp`; empty: the study itself
    field: str  # empty: the whole block
    before: str | None
    after: str | None


def differences(before: Study, after: Study) -> tuple[Difference, ...]:
    """In the order in which the first study says things, then what only the second one says."""
    return tuple(_of_blocks(_parts(before), _parts(after)))


def _parts(study: Study) -> tuple[Said, ...]:
    """The blocks of a study, its own fields among them; a study may be called what it likes."""
    *others, whole = statements_of(study)
    inside = whole.inside or ()
    fields = tuple(said for said in inside if said.inside is None)
    return (Said("study", "", _joined(fields)), *(said for said in inside if said.inside is not None), *others)


def _joined(fields: Sequence[Said]) -> tuple[Said, ...]:
    """Each field once: what several statements of one name say is said together."""
    said: dict[str, list[str]] = {}
    for field in fields:
        said.setdefault(field.name, []).append(field.phrase)
    return tuple(Said(name, "; ".join(phrases)) for name, phrases in said.items())


def _of_blocks(before: Sequence[Said], after: Sequence[Said]) -> Iterator[Difference]:
    ours, theirs = ({said.name: said for said in side} for side in (before, after))
    for name in dict.fromkeys((*ours, *theirs)):
        place = "" if name.strip() == "study" else name.strip()
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            yield Difference(place, "", _summary(one), _summary(other))
        else:
            yield from _of_fields(place, fields_of(one), fields_of(other))


def _of_fields(place: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Difference(place, name, before.get(name), after.get(name))


def fields_of(block: Said) -> dict[str, str]:
    """What a block says, by field."""
    inside = block.inside or ()
    if block.word == "claim":  # a sentence, whose first word is no field
        return {"": " ".join(f"{said.word} {said.phrase}" for said in inside)}
    if block.word == "published":
        return dict(map(_place_and_number, inside))
    return {said.name: _phrase(said) for said in inside}


def _phrase(said: Said) -> str:
    """`carried` of `head carried in search`: where it is in force is in its name."""
    return said.phrase.removesuffix(said.name.removeprefix("head")) if said.word == "head" else said.phrase


def _place_and_number(said: Said) -> tuple[str, str]:
    """`imp at 70% on mnli`, `82.6 sd 0.2`."""
    before, _, after = f"{said.word} {said.phrase}".rpartition(" on ")
    target, _, number = after.partition(" ")
    return f"{before} on {target}", number


def _summary(block: Said | None) -> str | None:
    if block is None:
        return None
    return "; ".join(f"{said.word} {said.phrase}" for said in block.inside or ())
