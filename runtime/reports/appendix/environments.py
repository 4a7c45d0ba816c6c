"""On what the results were made, when, and how long that took."""

from collections.abc import Iterator

from attrs import define, field

from ...store import Environment
from ..blocks import Block, Column, Entry, Prose, Table
from ..evidence import Evidence


@define
class _Made:
    """What was made in one environment."""

    results: int = 0
    seconds: float = 0.0
    days: set[str] = field(factory=set)


def environments(evidence: Evidence) -> Iterator[Block]:
    found: list[tuple[Environment, _Made]] = []
    for key in evidence.plan.jobs:
        provenance = evidence.provenance(key)
        if provenance is None:
            continue
        made = next((made for environment, made in found if environment == provenance.environment), None)
        if made is None:
            made = _Made()
            found.append((provenance.environment, made))
        made.results += 1
        made.seconds += provenance.seconds
        made.days.add(provenance.started.partition("T")[0])
    if not found:
        return
    if len(found) > 1:
        yield Prose("Results of several environments stand side by side; a mark says where numbers compare them.")
    names = tuple(dict.fromkeys(name for environment, _ in found for name in environment.versions))
    yield Table(
        title="",
        columns=(
            *(Column(name, is_number=False) for name in ("device", "machine")),
            Column("threads"),
            *(Column(name) for name in names),
            *(Column(name) for name in ("results", "time", "made")),
        ),
        rows=tuple(_row(environment, made, names) for environment, made in found),
        notes=("time: of the wall clock, all results together",),
    )


def _row(environment: Environment, made: _Made, names: tuple[str, ...]) -> tuple[Entry, ...]:
    first, last = min(made.days), max(made.days)
    return (
        Entry(environment.device),
        Entry(environment.machine),
        Entry(str(environment.threads) if environment.threads else "several" if made.results else ""),
        *(Entry(environment.versions.get(name, "")) for name in names),
        Entry(f"{made.results:,}"),
        Entry(duration(made.seconds)),
        Entry(first if first == last else f"{first} to {last}"),
    )


def duration(seconds: float) -> str:
    """`42s`, `12m`, `3h 20m`."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f}s"
    return f"{minutes}m" if minutes < 100 else f"{minutes // 60}h {minutes % 60}m"
