"""The live table: one line for each group of jobs, of steady height; what failed or was noticed stays above it."""

from attrs import define, field
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan, PlannedJob

from ..plain import plain
from ..schedulers.ran import Ran
from .summary import duration, ending
from .tally import Row, Running, Tally

REFRESHES = 4  # a second
NARROW = 72  # columns below which the rate is left out
HEAD_AND_FOOT = 4  # lines of the table that are no groups, and one for the prompt


@define
class LiveTable:
    """Draws where the run stands, in place."""

    console: Console = field(factory=Console)
    tally: Tally = field(factory=Tally)
    live: Live | None = None

    def planned(self, plan: Plan) -> None:
        self.tally.planned(plan)
        if self.live is None:
            self.live = Live(console=self.console, refresh_per_second=REFRESHES, get_renderable=self.view)
            self.live.start(refresh=True)

    def started(self, planned_job: PlannedJob) -> None:
        self.tally.started(planned_job)

    def advanced(self, key: JobKey, step: int, steps: int) -> None:
        self.tally.advanced(key, step, steps)

    def noticed(self, key: JobKey, text: str) -> None:
        running = self.tally.running.get(key)
        self._stay("note", "yellow", _name(running.job) if running else "", text)

    def finished(self, planned_job: PlannedJob, summary: str, seconds: float) -> None:
        self.tally.finished(planned_job, seconds)

    def failed(self, planned_job: PlannedJob, sentence: str) -> None:
        self.tally.gave_up(planned_job)
        self._stay("failed", "bold red", _name(planned_job), sentence)

    def ended(self, ran: Ran) -> None:
        self.tally.running.clear()
        if self.live is not None:
            self.live.stop()
        by = ran.interrupted.name if ran.interrupted else None
        verb, sentence = ending(ran.done, ran.failed, ran.waiting, by, self.tally.clock() - self.tally.began)
        style = "bold green" if verb == "Finished" else "bold red" if ran.failed else "bold yellow"
        self.console.print(Text.assemble((verb, style), " ", sentence))

    def view(self) -> RenderableType:
        """The table as it stands."""
        rows = self.tally.rows()
        return table_of(rows, self.tally.total(rows), self.tally.clock(), self.console.width, self.console.height)

    def _stay(self, word: str, style: str, name: str, text: str) -> None:
        """A line that scrolls away upwards and is never overwritten."""
        self.console.print(Text.assemble((word, style), f" {plain(name)}: " if name else " ", plain(text)))


def table_of(rows: tuple[Row, ...], total: Row, now: float, width: int, height: int) -> Table:
    """The lines of all groups and of their total, as many as the screen is high, in one fixed set of columns."""
    shown, hidden = _fitting(rows, max(1, height - HEAD_AND_FOOT))
    with_failed = total.failed > 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_footer=False)
    table.add_column("jobs", no_wrap=True, overflow="ellipsis", ratio=1, min_width=8)
    table.add_column("done", justify="right", no_wrap=True)
    table.add_column("running", no_wrap=True, min_width=12 if width < NARROW else 24)
    table.add_column("reused", justify="right", no_wrap=True, style="dim")
    if with_failed:
        table.add_column("failed", justify="right", no_wrap=True, style="red")
    table.add_column("left", justify="right", no_wrap=True)
    table.add_column("to go", justify="right", no_wrap=True, min_width=7)
    for row in shown:
        table.add_row(*_cells(row, now, width, with_failed))
    if hidden:
        table.add_row(Text(f"and {len(hidden)} more groups", style="dim"))
    table.add_row(*_cells(total, now, width, with_failed, is_total=True), style="bold")
    return table


def _fitting(rows: tuple[Row, ...], most: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows to show and those to leave out: first those that nothing happens in, in the order of the plan."""
    if len(rows) <= most:
        return rows, ()
    ranked = sorted(rows, key=lambda row: (not row.running, not row.failed, not row.left))
    chosen = {row.name for row in ranked[: most - 1]}
    return tuple(r for r in rows if r.name in chosen), tuple(r for r in rows if r.name not in chosen)


def _cells(row: Row, now: float, width: int, with_failed: bool, *, is_total: bool = False) -> list[RenderableType]:
    is_over = not row.left and not row.running
    cells: list[RenderableType] = [
        Text(plain(row.name), style="green" if is_over and not row.failed and not is_total else ""),
        _count(row.done),
        Text() if is_total else _running(row.running, now, width),
        _count(row.reused),
    ]
    if with_failed:
        cells.append(_count(row.failed))
    return [*cells, _count(row.left), Text("" if is_over else "?" if row.seconds is None else duration(row.seconds))]


def _running(running: tuple[Running, ...], now: float, width: int) -> Text:
    """`120/368  41.2 it/s`, of the job that is furthest."""
    if not running:
        return Text("")
    job = max(running, key=lambda each: each.step / max(1, each.steps))
    if not job.steps:
        return Text("…", style="cyan")
    rate = job.rate(now)
    text = f"{job.step}/{job.steps}"
    if rate is not None and width >= NARROW:
        text += f"  {rate:.1f} it/s" if rate < 1000 else f"  {rate:.0f} it/s"
    return Text(text, style="cyan")


def _count(number: int) -> Text:
    return Text(f"{number:,}" if number else "·", style="" if number else "dim")


def _name(job: PlannedJob) -> str:
    return job.labels[0] if job.labels else job.group
