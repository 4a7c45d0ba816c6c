"""Where a matrix of a trunk stands, by its name: in which layer, and as which of its six matrices."""

import re
from collections.abc import Iterable
from functools import cache

from attrs import asdict, frozen

from .families import FAMILIES

HEADS = ("query", "key", "value", "attended")  # in which an attention head has weights of its own
NEURONS = ("inner", "outer")
POOLER = "pooler"

# Scope -> its matrices (paper, section 3; the released code names the same 73 matrices of bert-base-uncased for
# "encoder + pooler"). Embeddings, biases, norms and task heads are in none.
SCOPES = {"encoder": (*HEADS, *NEURONS), "pooler": (POOLER,), "heads": HEADS, "neurons": NEURONS}

_POOLERS = {f"{family.pooler.dense}.weight" for family in FAMILIES.values() if family.pooler is not None}


def _layouts() -> dict[str, dict[str, str]]:
    """Patterns of layers -> what the matrices in them are called -> which matrix of a layer each is."""
    found: dict[str, dict[str, str]] = {}
    for family in FAMILIES.values():
        parts = {name: part for part, name in asdict(family.matrices).items()}
        found.setdefault(re.escape(family.layers).replace(r"\{\}", r"\d+"), {}).update(parts)
    return found


_LAYOUTS = _layouts()
_PLACES = [
    (re.compile(rf"({layers})\.({'|'.join(map(re.escape, parts))})\.weight"), parts)
    for layers, parts in _LAYOUTS.items()
]

# All that a mask can be of, as a regular expression without groups of its own.
MATRIX = (
    "(?:"
    + "|".join(rf"{layers}\.(?:{'|'.join(map(re.escape, parts))})\.weight" for layers, parts in _LAYOUTS.items())
    + f"|{'|'.join(map(re.escape, sorted(_POOLERS)))})"
)


@frozen
class Place:
    """Which matrix this is."""

    layer: str  # "encoder.layer.3"; empty outside of layers
    part: str  # "query", "key", "value", "attended", "inner", "outer", or "pooler"

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the layer; of layers that are shared, of its group and in it."""
        return tuple(map(int, re.findall(r"\d+", self.layer)))


@cache
def place_of(name: str) -> Place | None:
    """Where a parameter of a trunk stands. None: it is no matrix that can be pruned."""
    if name in _POOLERS:
        return Place("", POOLER)
    for pattern, parts in _PLACES:
        if found := pattern.fullmatch(name):
            return Place(found[1], parts[found[2]])
    return None


def is_of(name: str, scope: Iterable[str]) -> bool:
    """Whether a parameter of a trunk is a matrix of a scope."""
    place = place_of(name)
    return place is not None and any(place.part in SCOPES[part] for part in scope)


def layers_of(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Layers in the order of the network -> which matrix -> its name."""
    placed = [(place, name) for name in names if (place := place_of(name)) is not None and place.layer]
    layers: dict[str, dict[str, str]] = {}
    for place, name in sorted(placed, key=lambda each: each[0].numbers):
        layers.setdefault(place.layer, {})[place.part] = name
    return layers


def pooler_of(names: Iterable[str]) -> str | None:
    """The pooler's matrix among some."""
    return next((name for name in names if name in _POOLERS), None)
