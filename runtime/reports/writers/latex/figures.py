"""Pictures for papers, drawn by matplotlib: a column wide, in colours that everybody tells apart, text as text."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ticketlang.plain import plain

from ...blocks import Table
from ...drawings import Curve, Curves, Dot, Dots, Level, Rules, Shares
from ..shades import Shade, classes_of, legend_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 3.3  # inches, of a column of most papers; names beside a picture come on top
NO_DATE = {"CreationDate": None, "Creator": "ticketlang", "Producer": None}  # the same picture is the same bytes
TICKETS = ("#0067a5", "#00775a", "#7d6300", "#007a8a")
BASELINES = ("#c04e00", "#a8437e", "#6a51a3", "#7a4b2a")
REST, INK, GREY = "#8c8880", "#1c1b19", "#6f6b64"
SHADES = {"h1": "#e4f0fa", "h2": "#bcd8f1", "h3": "#86b8e3", "h4": "#569ad2", "n": "#efede8", "": "#ffffff"}
SHADES |= {"f1": "#fdeedd", "f2": "#f9d3ab", "f3": "#f0ad6d", "f4": "#e0883a"}
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text that a reader can select, and a publisher accepts
    "text.parse_math": False,  # a dollar sign in a name is one
    "text.usetex": False,
}


def figure(table: Table) -> bytes | None:
    """The picture of a table as PDF; None where it has none. The same table gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    height, draw = _drawer(table)
    if draw is None:
        return None
    with mpl.rc_context(STYLE):
        sheet = Figure(figsize=(WIDTH, height))
        draw(sheet.add_subplot())
        file = BytesIO()
        sheet.savefig(file, format="pdf", bbox_inches="tight", metadata=NO_DATE)
    return file.getvalue()


def _drawer(table: Table) -> "tuple[float, Callable[[Axes], None] | None]":
    """How high a picture is, and what draws it."""
    rows = len(table.rows)
    match table.drawing:
        case Curves() as curves if any(curve.points for curve in curves.curves):
            names = len(curves.curves) + (curves.level is not None)
            return 2.0 + 0.075 * names, lambda axes: _draw_curves(axes, curves)
        case Dots() as dots if any(dots.dots):
            return 0.6 + 0.17 * rows, lambda axes: _draw_dots(axes, dots, _headings(table))
        case Rules() as rules:
            height = 0.7 + 0.24 * rows + 0.13 * len(legend_of(rules))
            return height, lambda axes: _draw_rules(axes, rules, table)
        case Shares() as shares:
            return 0.7 + 0.2 * rows, lambda axes: _draw_shares(axes, shares, table)
    return 0.0, None


def _headings(table: Table) -> list[str]:
    """What stands on the left of each row: its first entry, and its level where that is the second one."""
    has_level = len(table.columns) > 1 and table.columns[1].name == "level"
    return [plain(f"{row[0].text} {row[1].text}".strip() if has_level else row[0].text) for row in table.rows]


def _draw_curves(axes: "Axes", drawing: Curves) -> None:
    colours = _colours(drawing.curves)
    for curve in drawing.curves:
        if not curve.points:
            continue
        x, colour = [point.x for point in curve.points], colours[curve.name]
        style = "--" if curve.role == "baseline" else "-"
        marker = "o" if any(point.about for point in curve.points) else None
        y = [point.y for point in curve.points]
        axes.plot(x, y, style, color=colour, marker=marker, markersize=2.5, label=plain(curve.name))
        known = [(p.x, p.low, p.high) for p in curve.points if p.low is not None and p.high is not None]
        if len(known) > 1:
            places, lows, highs = zip(*known, strict=True)
            axes.fill_between(places, lows, highs, color=colour, alpha=0.15, linewidth=0)
    _draw_level(axes, drawing.level, is_upright=False)
    axes.set_xlabel(plain(f"{drawing.x_name} ({drawing.x_unit})" if drawing.x_unit else drawing.x_name))
    axes.set_ylabel(plain(drawing.y_name))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=2, fontsize=6.5, handlelength=1.8)


def _colours(curves: Sequence[Curve]) -> dict[str, str]:
    left = {"ticket": list(TICKETS), "baseline": list(BASELINES), "dense": [INK]}
    return {curve.name: left[curve.role].pop(0) if left[curve.role] else REST for curve in curves}


def _draw_dots(axes: "Axes", drawing: Dots, headings: Sequence[str]) -> None:
    _draw_level(axes, drawing.level, is_upright=True)
    for place, dot in enumerate(drawing.dots):
        if dot is not None:
            _draw_dot(axes, place, dot)
    axes.set_yticks(range(len(headings)), headings, fontsize=6.5)
    axes.set_ylim(len(headings) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(plain(drawing.name))


def _draw_dot(axes: "Axes", place: int, dot: Dot) -> None:
    colour = {"ticket": TICKETS[0], "baseline": BASELINES[0], "dense": INK}[dot.role]
    if dot.low is not None and dot.high is not None:
        axes.plot([dot.low, dot.high], [place, place], color=colour, linewidth=1)
    inside = "white" if dot.role == "baseline" else colour
    axes.plot([dot.value], [place], "o", markersize=3.5, color=colour, markerfacecolor=inside)
    if dot.other is not None:
        axes.plot([dot.other], [place], "|", markersize=6, color=INK)


def _draw_level(axes: "Axes", level: Level | None, *, is_upright: bool) -> None:
    if level is None:
        return
    line, band = (axes.axvline, axes.axvspan) if is_upright else (axes.axhline, axes.axhspan)
    if level.low is not None and level.high is not None:
        band(level.low, level.high, color=GREY, alpha=0.15, linewidth=0)
    line(level.value, color=GREY, linewidth=0.8, linestyle=":", label=plain(level.name))


def _draw_rules(axes: "Axes", drawing: Rules, table: Table) -> None:
    rows = [row[1:-1] for row in drawing.places]
    shades = [[SHADES[classes_of(place)[drawing.shown] if place else ""] for place in row] for row in rows]
    texts = [[entry.text for entry in row[1:-1]] for row in table.rows]
    _draw_places(axes, shades, texts, table, slice(1, -1))
    _draw_legend(axes, legend_of(drawing))


def _draw_legend(axes: "Axes", shades: Sequence[Shade]) -> None:
    """Below the places, one line for each colour."""
    from matplotlib.patches import Patch

    if shades:
        patches = [Patch(facecolor=SHADES[shade.style], label=plain(shade.text)) for shade in shades]
        found = axes.legend(handles=patches, title="in points", loc="upper left", bbox_to_anchor=(0, 0), fontsize=6)
        found.set_alignment("left")
        found.get_title().set_fontsize(6)


def _draw_shares(axes: "Axes", drawing: Shares, table: Table) -> None:
    there = [share for row in drawing.places for share in row if share is not None]
    low, reach = min(there, default=0.0), (max(there, default=1.0) - min(there, default=0.0)) or 1.0
    shades = [[_blue(None if s is None else (s - low) / reach) for s in row[1:]] for row in drawing.places]
    texts = [[entry.text for entry in row[1:]] for row in table.rows]
    _draw_places(axes, shades, texts, table, slice(1, None))


def _blue(share: float | None) -> str:
    """From next to white to the middle blue that black text stands on."""
    if share is None:
        return "#ffffff"
    light, dark = (244, 248, 252), (110, 165, 215)
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(light, dark, strict=True))


def _draw_places(
    axes: "Axes", shades: Sequence[Sequence[str]], texts: Sequence[Sequence[str]], table: Table, columns: slice
) -> None:
    from matplotlib.patches import Rectangle

    names = [plain(column.name) for column in table.columns[columns]]
    size = min(7.0, 60.0 / max(len(names), 1))
    for y, (row, words) in enumerate(zip(shades, texts, strict=True)):
        for x, (shade, word) in enumerate(zip(row, words, strict=True)):
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=shade, edgecolor="white", linewidth=0.8))
            axes.text(x, y, plain(word), ha="center", va="center", fontsize=size)
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=45, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(table.rows)), [plain(row[0].text) for row in table.rows], fontsize=6.5)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(table.rows) - 0.5, -0.5)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
