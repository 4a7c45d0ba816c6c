"""Curves and dots as the page draws them: paths and places, rounded; colours are the style sheet's."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from ...drawings import Curve, Curves, Dot, Dots, Level, Point
from ..scales import Scale, scale, tick_text

WIDTH, HEIGHT = 320, 200  # in the units of the drawing; it is as wide as its column
LEFT, RIGHT, TOP, BOTTOM = 42, 8, 8, 34
COLOURS = 8  # that are told apart; curves beyond are grey


@frozen(kw_only=True)
class Tick:
    at: float
    text: str


@frozen(kw_only=True)
class Mark:
    x: float
    y: float
    about: str
    title: str


@frozen(kw_only=True)
class Line:
    """A curve with its band."""

    name: str
    style: str  # classes of the style sheet
    path: str
    band: str  # empty: there is none
    marks: tuple[Mark, ...]


@frozen(kw_only=True)
class Chart:
    """A picture of curves."""

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]  # the lowest one at the right end last
    level: Tick | None  # a line all the way across
    level_band: tuple[float, float] | None  # its top, and its height
    drawing: Curves

    width, height, left, right, top, bottom = WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM


def chart(drawing: Curves, has_marks: bool = True) -> Chart:
    """Lay curves out."""
    points = [point for curve in drawing.curves for point in curve.points]
    x = scale([point.x for point in points])
    y = scale([*_reach(points), *_level_reach(drawing.level)])
    styles = _styles(drawing.curves)
    in_order = sorted((c for c in drawing.curves if c.points), key=lambda c: -c.points[-1].y)
    level = drawing.level
    return Chart(
        x_ticks=tuple(Tick(at=_x(x, tick), text=tick_text(tick, x.ticks) + drawing.x_unit) for tick in x.ticks),
        y_ticks=tuple(Tick(at=_y(y, tick), text=tick_text(tick, y.ticks)) for tick in y.ticks),
        lines=tuple(_line(curve, styles[curve.name], x, y) for curve in in_order),
        level=Tick(at=_y(y, level.value), text=level.name) if level else None,
        level_band=_level_band(level, y) if level else None,
        drawing=drawing,
    )


def _reach(points: Sequence[Point]) -> Iterator[float]:
    for point in points:
        yield from (value for value in (point.y, point.low, point.high) if value is not None)


def _level_reach(level: Level | None) -> Iterator[float]:
    if level is not None:
        yield from (value for value in (level.value, level.low, level.high) if value is not None)


def _styles(curves: Sequence[Curve]) -> dict[str, str]:
    """Tickets have every other colour and baselines those between, so that a baseline looks alike on all targets."""
    next_of = {"ticket": 0, "baseline": 1, "dense": 0}
    styles = {}
    for curve in curves:
        index = next_of[curve.role]
        styles[curve.name] = f"{f'c{index}' if index < COLOURS else 'rest'} {curve.role}"
        next_of[curve.role] += 0 if curve.role == "dense" else 2
    return styles


def _x(x: Scale, value: float) -> float:
    return round(LEFT + x(value) * (WIDTH - LEFT - RIGHT), 1)


def _y(y: Scale, value: float) -> float:
    return round(HEIGHT - BOTTOM - y(value) * (HEIGHT - TOP - BOTTOM), 1)


def _line(curve: Curve, style: str, x: Scale, y: Scale) -> Line:
    places = [(_x(x, point.x), _y(y, point.y)) for point in curve.points]
    banded = [(point, point.low, point.high) for point in curve.points]
    known = [(point, low, high) for point, low, high in banded if low is not None and high is not None]
    around = [(_x(x, point.x), _y(y, high)) for point, _, high in known]
    around += [(_x(x, point.x), _y(y, low)) for point, low, _ in reversed(known)]
    return Line(
        name=curve.name,
        style=style,
        path=_path(places),
        band=f"{_path(around)}Z" if len(known) > 1 else "",
        marks=tuple(
            Mark(x=_x(x, p.x), y=_y(y, p.y), about=p.about, title=f"{p.about}: {p.y:.2f}")
            for p in curve.points
            if p.about
        ),
    )


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(places))


def _level_band(level: Level, y: Scale) -> tuple[float, float] | None:
    if level.low is None or level.high is None:
        return None
    top, bottom = _y(y, level.high), _y(y, level.low)
    return top, round(bottom - top, 1)


@frozen(kw_only=True)
class StripDot:
    """A row's dot: places in percent of the width."""

    at: float
    low: float | None
    high: float | None
    other: float | None
    role: str
    about: str


@frozen(kw_only=True)
class Strip:
    """Dots of a table's rows under one axis."""

    ticks: tuple[Tick, ...]
    rows: tuple[StripDot | None, ...]
    level: float | None
    level_band: tuple[float, float] | None  # from where, and how wide
    drawing: Dots


def strip(drawing: Dots) -> Strip | None:
    """Lay dots out; None where no row has one."""
    there = [dot for dot in drawing.dots if dot is not None]
    if not there:
        return None
    values = [v for dot in there for v in (dot.value, dot.low, dot.high, dot.other) if v is not None]
    line = scale([*values, *_level_reach(drawing.level)], most=3)
    level = drawing.level
    band = None
    if level is not None and level.low is not None and level.high is not None:
        band = _percent(line, level.low), round(_percent(line, level.high) - _percent(line, level.low), 1)
    return Strip(
        ticks=tuple(Tick(at=_percent(line, tick), text=tick_text(tick, line.ticks)) for tick in line.ticks),
        rows=tuple(None if dot is None else _strip_dot(line, dot) for dot in drawing.dots),
        level=None if level is None else _percent(line, level.value),
        level_band=band,
        drawing=drawing,
    )


def _strip_dot(line: Scale, dot: Dot) -> StripDot:
    low, high, other = (None if v is None else _percent(line, v) for v in (dot.low, dot.high, dot.other))
    return StripDot(at=_percent(line, dot.value), low=low, high=high, other=other, role=dot.role, about=dot.about)


def _percent(line: Scale, value: float) -> float:
    return round(100 * line(value), 1)
