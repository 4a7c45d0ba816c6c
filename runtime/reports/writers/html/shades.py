"""Places of a matrix as the page colours them: two hues for the answers, four depths for how far apart."""

from collections.abc import Sequence

from attrs import frozen

from ...drawings import Judged, Rules, Shares

BOUNDS = (1.0, 3.0, 10.0)  # points, between one depth and the next
HUES = {"holds": "h", "fails": "f"}
SAID = {
    "holds": "matches",
    "fails": "does not match",
    "not enough runs": "too few runs",
    "no result yet": "no result yet",
    None: "the rule does not speak of it",
}


@frozen
class Shade:
    """A colour of the legend."""

    style: str
    text: str


def classes_of(place: Sequence[Judged]) -> tuple[str, ...]:
    """`h2`, `f4`, or `n`, for each rule."""
    return tuple(_class(judged) for judged in place)


def _class(judged: Judged) -> str:
    hue = HUES.get(judged.answer or "")
    if hue is None or judged.apart is None:
        return "n"
    return f"{hue}{1 + sum(abs(judged.apart) >= bound for bound in BOUNDS)}"


def legend(drawing: Rules) -> tuple[Shade, ...]:
    """What the colours mean, from far below to far above."""
    lasts = (f"less than {BOUNDS[0]:g}", *(f"{a:g} to {b:g}" for a, b in zip(BOUNDS, BOUNDS[1:], strict=False)))
    depths = (*lasts, f"{BOUNDS[-1]:g} or more")
    fails = [Shade(f"f{i}", text) for i, text in reversed(list(enumerate(depths, 1)))]
    return (*fails, *(Shade(f"h{i}", text) for i, text in enumerate(depths, 1)))


def shades_of(drawing: Shares) -> tuple[tuple[float | None, ...], ...]:
    """Between the lightest and the darkest place of the table: 0 to 1."""
    there = [share for row in drawing.places for share in row if share is not None]
    low, high = (min(there), max(there)) if there else (0.0, 1.0)
    reach = high - low or 1.0
    return tuple(tuple(None if s is None else round((s - low) / reach, 2) for s in row) for row in drawing.places)
