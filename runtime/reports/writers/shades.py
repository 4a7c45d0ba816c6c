"""Places of a matrix as pages and papers colour them: two hues for the answers, depths for how far off."""

from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen

from ..drawings import Judged, Rules, Shares

BELOW = (1.0, 3.0, 10.0)  # points, between one depth of what does not match and the next
ABOVE = (0.0, 1.0, 3.0)  # the same of what matches: the lightest is below, and within what the rule allows


@frozen
class Shade:
    """A colour of the legend."""

    style: str
    text: str


def classes_of(place: Sequence[Judged]) -> tuple[str, ...]:
    """`h2`, `f4`, or `n`, for each rule."""
    return tuple(_class(judged) for judged in place)


def _class(judged: Judged) -> str:
    apart = judged.apart
    if apart is None or judged.answer not in {"holds", "fails"}:
        return "n"
    if judged.answer == "holds":
        return f"h{1 + sum(apart >= bound for bound in ABOVE)}"
    return f"f{1 + sum(-apart >= bound for bound in BELOW)}"


def legend() -> tuple[tuple[Shade, ...], tuple[Shade, ...]]:
    """What the colours mean: of places that do not match, and of those that do."""
    fails = _depths(BELOW, f"by less than {BELOW[0]:g}")
    holds = _depths(ABOVE, "below")
    return (
        tuple(Shade(f"f{i}", text) for i, text in reversed(list(enumerate(fails, 1)))),
        tuple(Shade(f"h{i}", text) for i, text in enumerate(holds, 1)),
    )


def legend_of(drawing: Rules) -> tuple[Shade, ...]:
    """What the colours mean by the rule that is shown, from far below to far above; of those that are there."""
    there = {classes_of(place)[drawing.shown] for row in drawing.places for place in row if place}
    against = drawing.against[drawing.shown]
    fails, holds = legend()
    said = (
        *(Shade(shade.style, f"no match, below {against} {_by(shade.text)}") for shade in fails),
        *(Shade(shade.style, f"match, {_above(against, shade.text)}") for shade in holds),
        Shade("n", "undecided, or not compared"),
    )
    return tuple(shade for shade in said if shade.style in there)


def _above(against: str, amount: str) -> str:
    return f"below {against}" if amount == "below" else f"above {against} {_by(amount)}"


def _by(amount: str) -> str:
    return amount if amount.startswith("by ") else f"by {amount}"


def _depths(bounds: Sequence[float], first: str) -> tuple[str, ...]:
    between = (f"{low:g} to {high:g}" for low, high in pairwise(bounds))
    return first, *between, f"{bounds[-1]:g} or more"


def shades_of(drawing: Shares) -> tuple[tuple[float | None, ...], ...]:
    """Between the lightest and the darkest place of the table: 0 to 1."""
    there = [share for row in drawing.places for share in row if share is not None]
    low, high = (min(there), max(there)) if there else (0.0, 1.0)
    reach = high - low or 1.0
    return tuple(tuple(None if s is None else round((s - low) / reach, 2) for s in row) for row in drawing.places)
