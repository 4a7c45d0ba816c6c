"""The live table: one line for each group of jobs, of steady height; what failed or was noticed stays above it."""

from collections.abc import Sequence
from threading import Lock

from attrs import define, field
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ticketlang.jobs import JobKey
from ticketlang.plain import plain
from ticketlang.plan import Plan, PlannedJob

from ..schedulers.ran import Ran
from .summary import ending, name_of, until
from .tally import TOTAL, Row, Running, Tally

REFRESHES = 4  # a second
NARROW = 72  # columns below which steps, rates and what was reused are left out
RIGHT_EDGE = 3  # columns left free: a `^C` that the terminal echoes must not begin a new line
LONGEST_NAME = 44
FEWEST_ROWS = 4  # of the table, before workers are shown, too
HEAD_AND_FOOT = 4  # lines of the table that are no groups, and one for the prompt


@define
class LiveTable:
    """Draws where the run stands, in place."""

    console: Console = field(factory=Console)
    tally: Tally = field(factory=Tally)
    live: Live | None = None
    # The table is drawn by a thread of its own. Never held while printing, which waits for that thread.
    lock: Lock = field(factory=Lock, repr=False)

    def planned(self, plan: Plan) -> None:
        with self.lock:
            self.tally.planned(plan)
        if self.live is None:
            self.live = Live(console=self.console, refresh_per_second=REFRESHES, get_renderable=self.view)
            self.live.start(refresh=True)

    def started(self, planned_job: PlannedJob) -> None:
        with self.lock:
            self.tally.started(planned_job)

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        with self.lock:
            self.tally.advanced(key, step, steps)

    def noticed(self, key: JobKey, text: str) -> None:
        running = self.tally.running.get(key)
        self._stay("note", "yellow", name_of(running.job) if running else "", text)

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        with self.lock:
            self.tally.finished(planned_job, seconds)

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        with self.lock:
            self.tally.gave_up(planned_job)
        self._stay("failed", "bold red", name_of(planned_job), sentence)

    def ended(self, ran: Ran) -> None:
        with self.lock:
            self.tally.stopped()
        if self.live is not None:
            self.live.stop()
            if not self.console.is_terminal:  # rich ends the line only where it could move the cursor
                self.console.line()
        for failure in ran.failures:
            self._stay("log", "dim", failure.label, str(failure.log))
        by = ran.interrupted.name if ran.interrupted else None
        verb, sentence = ending(ran.done, ran.failed, ran.waiting, by, self.tally.clock() - self.tally.began)
        style = "bold green" if verb == "Finished" else "bold red" if ran.failed else "bold yellow"
        self.console.print(Text.assemble((verb, style), " ", sentence))

    def view(self) -> RenderableType:
        """The table as it stands."""
        with self.lock:
            rows = self.tally.rows()
            total, now = self.tally.total(rows), self.tally.clock()
            hands = tuple(None if key is None else self.tally.running[key] for key in self.tally.hands)
        return screen_of(rows, total, hands, now, self.console.width, self.console.height)

    def _stay(self, word: str, style: str, name: str, text: str) -> None:
        """A line that scrolls away upwards and is never overwritten."""
        self.console.print(Text.assemble((word, style), f" {plain(name)}: " if name else " ", plain(text)))


def screen_of(
    rows: tuple[Row, ...], total: Row, hands: Sequence[Running | None], now: float, width: int, height: int
) -> RenderableType:
    """The table; and where several work, what each of them does, if the screen is high enough for both."""
    room = height - len(hands) - 1
    if len(hands) < 2 or room < HEAD_AND_FOOT + FEWEST_ROWS:
        return table_of(rows, total, now, width, height)
    return Group(table_of(rows, total, now, width, room), Text(), _workers(hands, now, width))


def _workers(hands: Sequence[Running | None], now: float, width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    in_full = width >= NARROW
    steps = 21 if in_full else 7
    number = len(str(len(hands)))
    table.add_column("worker", no_wrap=True, width=7 + number, style="dim")
    table.add_column("steps", no_wrap=True, width=steps)
    names = width - RIGHT_EDGE - (7 + number + 2) - (steps + 2) - 2
    table.add_column("job", no_wrap=True, overflow="ellipsis", width=max(8, names))
    for place, running in enumerate(hands, start=1):
        doing = Text("waits", style="dim") if running is None else _running((running,), now, in_full=in_full)
        table.add_row(f"worker {place:>{number}}", doing, "" if running is None else plain(name_of(running.job)))
    return table


def table_of(rows: tuple[Row, ...], total: Row, now: float, width: int, height: int) -> Table:
    """The lines of all groups and of their total, as many as the screen is high; names are cut where it is narrow."""
    shown, hidden = _fitting(rows, max(1, height - HEAD_AND_FOOT))
    columns = _columns(width, with_failed=total.failed > 0)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    names = width - RIGHT_EDGE - sum(room + 2 for room in columns.values())
    table.add_column("jobs", no_wrap=True, overflow="ellipsis", width=max(8, min(names, LONGEST_NAME)))
    for name, room in columns.items():
        table.add_column(name, no_wrap=True, width=room, justify="left" if name == "running" else "right")
    for row in shown:
        table.add_row(*_cells(row, now, columns))
    if hidden:
        table.add_row(Text(f"and {len(hidden)} more", style="dim"))
    table.add_row(*_cells(total, now, columns), style="bold")
    return table


def _columns(width: int, *, with_failed: bool) -> dict[str, int]:
    """The columns beside the name, and how wide each is."""
    if width < NARROW:
        columns = {"done": 5, "running": 7, "failed": 6, "left": 5, "to go": 7}
    else:
        columns = {"done": 5, "running": 21, "reused": 6, "failed": 6, "left": 5, "to go": 7}
    return {name: room for name, room in columns.items() if name != "failed" or with_failed}


def _fitting(rows: tuple[Row, ...], most: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows to show and those to leave out: first those that nothing happens in, in the order of the plan."""
    if len(rows) <= most:
        return rows, ()
    ranked = sorted(rows, key=lambda row: (not row.running, not row.failed, not row.left))
    chosen = {row.name for row in ranked[: most - 1]}
    return tuple(r for r in rows if r.name in chosen), tuple(r for r in rows if r.name not in chosen)


def _cells(row: Row, now: float, columns: dict[str, int]) -> list[Text]:
    is_over = not row.left and not row.running
    is_total = row.name == TOTAL
    cells = {
        "done": _count(row.done),
        "running": _bar(row, columns["running"])
        if is_total
        else _running(row.running, now, in_full="reused" in columns),
        "reused": _count(row.reused),
        "failed": _count(row.failed),
        "left": _count(row.left),
        "to go": Text("" if is_over else "?" if row.seconds is None else until(row.seconds)),
    }
    cells["failed"].stylize("red" if row.failed else "")
    name = Text(plain(row.name), style="green" if is_over and not row.failed and not is_total else "")
    return [name, *(cells[column] for column in columns)]


def _bar(total: Row, width: int) -> Text:
    """How much of all jobs is over."""
    halves = int(total.share * 2 * width)
    bar = Text("━" * (halves // 2) + "╸" * (halves % 2), style="green")
    return bar.append("─" * (width - len(bar)), style="bright_black")


def _running(running: tuple[Running, ...], now: float, *, in_full: bool) -> Text:
    """`120/368  41.2 it/s`, or `33%` where there is little room, of the job that is furthest."""
    if not running:
        return Text()
    job = max(running, key=lambda each: each.step / max(1, each.steps))
    if not job.steps:
        return Text("begins", style="cyan")
    if not in_full:
        return Text(f"{100 * job.step // job.steps}%", style="cyan")
    rate = job.rate(now)
    shown = "" if rate is None else f"  {rate:.1f} it/s"
    return Text(f"{job.step}/{job.steps}{shown}", style="cyan")


def _count(number: int) -> Text:
    return Text(f"{number:,}" if number else "·", style="" if number else "dim")
