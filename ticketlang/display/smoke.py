"""What came of studies that were run small: kinds of job, stand-ins, what was left out, and faults."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..cost import time_text
from ..plain import plain
from ..smoke.smoked import Fault, Smoked

NO_RESULTS = "Its numbers mean nothing and were dropped."


def smoked_view(smoked: Smoked) -> Iterator[RenderableType]:
    """Everything about one study."""
    yield _table(("reads", ""), smoked.reads)
    yield Text()
    ran = ((kind.name, f"{kind.ran:,}" if kind.ran else "none", f"{kind.asked:,}") for kind in smoked.kinds)
    yield _numbers(("kind of job", "ran", "in the study"), ran)
    yield Text()
    yield _numbers(("left out", "here", "in the study"), ((row.what, row.here, row.whole) for row in smoked.left_out))
    yield Text()
    yield from troubles_view(smoked)
    yield summary(smoked)


def troubles_view(smoked: Smoked) -> Iterator[Text]:
    """What did not work, and what is worth a look."""
    for fault in smoked.faults:
        yield _fault(fault)
    for kind in smoked.missing:
        yield Text.assemble(("✗ ", "red"), f"none ran of: {plain(kind.name)}")
    for note in smoked.notes:
        yield _fault(note, "!", "yellow")


def summary(smoked: Smoked) -> Text:
    """`Smoke: 9 of 9 kinds of job ran, 143 jobs in 12s. Its numbers mean nothing and were dropped.`"""
    ran = len(smoked.kinds) - len(smoked.missing)
    count = len(smoked.faults) + len(smoked.problems)
    faults = f", {count} fault{'s' * (count != 1)}" if count else ""
    said = f"{ran} of {len(smoked.kinds)} kinds of job ran, {smoked.jobs} jobs in {time_text(smoked.seconds)}{faults}."
    return Text.assemble(("Smoke: ", "bold green" if smoked.is_well else "bold red"), f"{said} {NO_RESULTS}")


def all_view(answers: Mapping[str, Smoked | None]) -> Table:
    """One line for each spec. None: it is no study, or could not be looked at."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("spec", no_wrap=True)
    for column in ("kinds", "jobs", "stand-ins", "faults", "time"):
        table.add_column(column, justify="right")
    table.add_column("")
    for name, smoked in answers.items():
        table.add_row(plain(name), *_line(smoked))
    return table


def _line(smoked: Smoked | None) -> tuple[Text | str, ...]:
    if smoked is None:
        return ("", "", "", "", "", Text("not a study", style="red"))
    stand_ins = sum(source.startswith(STAND_IN) for _, source in smoked.reads)
    faults = len(smoked.problems) + len(smoked.faults) + len(smoked.missing)
    return (
        f"{len(smoked.kinds) - len(smoked.missing)} of {len(smoked.kinds)}",
        str(smoked.jobs),
        str(stand_ins or "·"),
        str(faults or "·"),
        time_text(smoked.seconds),
        Text("runs", style="green") if smoked.is_well else Text("fails", style="red"),
    )


STAND_IN = "stand-in: "


def _fault(fault: Fault, sign: str = "✗", style: str = "red") -> Text:
    return Text.assemble((f"{sign} ", style), f"{plain(str(fault.at))}: {plain(fault.what)}: {plain(fault.sentence)}")


def _table(heads: tuple[str, str], rows: tuple[tuple[str, str], ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(heads[0], no_wrap=True)
    table.add_column(heads[1], overflow="fold")
    for name, said in rows:
        table.add_row(plain(name), Text(plain(said), style="yellow" if said.startswith(STAND_IN) else ""))
    return table


def _numbers(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*(Text(plain(cell), style="red" if cell == "none" else "") for cell in row))
    return table
