"""A store as people see it: tables of what it holds, and of what would go. Nothing is printed here."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ticketlang.cost import size_text
from ticketlang.plain import plain

from .garbage import Garbage
from .stock import KINDS, MASKS, UNREADABLE, Holding, Stock

ORDER = (*dict.fromkeys((KINDS["fine-tune"], MASKS, *KINDS.values())), UNREADABLE)
NONE = "·"

PLACES = {
    "damaged": "set aside as damaged; `ticketrun store gc` drops it",
    "failures": "what went wrong, and the logs of it",
    "staging": "jobs that are being done, or whose process died",
    "checkpoints": "trainings that go on from there",
    "studies": "what studies said when they were last run",
    "cache": "can be deleted at any time",
}


def list_view(stock: Stock) -> Iterator[RenderableType]:
    """A line for each study: its results by kind, the room they take, and when there was last something to do."""
    by_study: dict[str, list[Holding]] = defaultdict(list)
    for holding in stock.holdings:
        by_study[holding.study].append(holding)
    kinds = [kind for kind in ORDER if any(holding.kind == kind for holding in stock.holdings)]
    table = _table("study", *kinds, "size", "last used", left=(0, len(kinds) + 2))
    for study in sorted(by_study, key=lambda name: _last_used(stock, name, by_study[name]), reverse=True):
        its = by_study[study]
        counts = Counter(holding.kind for holding in its)
        size = size_text(sum(holding.size for holding in its))
        used = _when(_last_used(stock, study, its))
        table.add_row(plain(study), *(f"{counts[kind]:,}" if counts[kind] else NONE for kind in kinds), size, used)
    if by_study:
        yield table
        yield Text()
    size = size_text(sum(holding.size for holding in stock.holdings))
    said = f"{_count(len(stock.holdings), 'result')} of {_studies(len(by_study))}, {size}."
    yield Text(said if by_study else "No results.", style="bold")
    for study, specs in stock.origins.items():
        yield Text(f"{plain(study)} is counted once, and {len(specs)} specs have a study of this name:", style="yellow")
        yield from (Text(f"  {plain(str(spec))}", style="dim") for spec in specs)
    if len(by_study) > 1:
        yield Text("What several studies share is counted where it was first asked for.", style="dim")


def size_view(stock: Stock) -> Iterator[RenderableType]:
    """What takes room, and what it is good for."""
    table = _table("", "files", "size", "", left=(0, 3))
    for kind in ORDER:
        its = [holding for holding in stock.holdings if holding.kind == kind]
        if its:
            table.add_row(kind, f"{sum(len(one.files) for one in its):,}", size_text(sum(one.size for one in its)), "")
        states = [holding for holding in its if holding.states]
        if states:
            note = f"weights that {_count(len(states), 'training')} left; `ticketrun store gc --states` drops some"
            table.add_row("", "", size_text(sum(one.states for one in states)), Text(f"of it {note}", style="dim"))
    for place, size in sorted(stock.places.items()):
        if size and place in PLACES:
            table.add_row(place, "", size_text(size), Text(PLACES[place], style="dim"))
    yield table
    yield Text()
    yield Text(f"{size_text(stock.size)} in all.", style="bold")


def garbage_view(found: Garbage) -> Iterator[RenderableType]:
    """What would go, by study and kind, each with its size; and what stays."""
    table = _table("would go", "of the study", "how many", "size", left=(0, 1))
    for kind, study, its in _grouped(found.results):
        table.add_row(kind, plain(study), f"{len(its):,}", size_text(sum(holding.size for holding in its)))
    for _, study, its in _grouped(found.states):
        states = size_text(sum(holding.states for holding in its))
        table.add_row("weights of trainings", plain(study), f"{len(its):,}", states)
    for name, sizes in (
        ("set aside as damaged", tuple(found.damaged.values())),
        ("left by runs that died", tuple(found.left.values())),
        ("checkpoints", tuple(found.checkpoints.values())),
    ):
        if sizes:
            table.add_row(name, "", f"{len(sizes):,}", size_text(sum(sizes)))
    if found:
        yield table
        yield Text()
    kept = size_text(sum(holding.size for holding in found.kept) - sum(holding.states for holding in found.states))
    yield Text(f"stays: {_count(len(found.kept), 'result')}, {kept}", style="dim")
    if found.in_use:
        yield Text(f"of it {len(found.in_use)} that somebody is doing or reading now", style="dim")


def _grouped(holdings: Iterable[Holding]) -> Iterator[tuple[str, str, list[Holding]]]:
    groups: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    for holding in holdings:
        groups[holding.study, holding.kind].append(holding)
    for study, kind in sorted(groups, key=lambda group: (group[0], ORDER.index(group[1]))):
        yield kind, study, groups[study, kind]


def _last_used(stock: Stock, study: str, its: Iterable[Holding]) -> str:
    return max((stock.last_runs.get(study, ""), *(holding.finished for holding in its)))


def _when(at: str) -> str:
    """A moment in the time of whoever looks."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return NONE


def _table(*columns: str, left: tuple[int, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number in left else "right")
    return table


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _studies(number: int) -> str:
    return f"{number:,} stud{'y' if number == 1 else 'ies'}"
