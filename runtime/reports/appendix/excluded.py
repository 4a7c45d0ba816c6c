"""What a reader would look for and not find: results that are missing, that failed, and that could not be read."""

from collections.abc import Iterator

from ticketlang.plan import Cell

from ...results import Condition
from ..blocks import Block, Column, Entry, Prose, Table
from ..evidence import Evidence
from ..written import Written


def excluded(evidence: Evidence, written: Written | None) -> Iterator[Block]:
    results = evidence.results
    lacking = [
        (condition, left)
        for condition in results.conditions
        if (left := [cell for cell in results.conditions[condition] if cell not in results.measurements])
    ]
    if not results.missing:
        yield Prose(f"All {len(evidence.plan.cells)} scores are there; none was left out of a mean.")
    else:
        way_on = f" `{written.run}` goes on with them." if written and written.run else ""
        yield Prose(
            f"{results.missing} of {len(evidence.plan.cells)} scores {'is' if results.missing == 1 else 'are'} missing,"
            f" and means are over those that are there.{way_on}"
        )
        yield _lacking(evidence, lacking)
    there = evidence.store.known(evidence.plan.jobs)
    failures = [f for f in evidence.store.failures.all() if f.key in evidence.plan.jobs and f.key not in there]
    if failures:
        yield Table(
            title="Failed when they were last tried",
            columns=tuple(Column(name, is_number=False) for name in ("job", "why", "when")),
            rows=tuple((Entry(f.label), Entry(f.sentence), Entry(f.when)) for f in failures),
        )
    if evidence.problems:
        yield Table(
            title="Stored, and left out since they could not be read",
            columns=(Column("what is wrong", is_number=False),),
            rows=tuple((Entry(problem),) for problem in dict.fromkeys(evidence.problems)),
        )


def _lacking(evidence: Evidence, lacking: list[tuple[Condition, list[Cell]]]) -> Table:
    return Table(
        title="",
        columns=(Column("cell", is_number=False), Column("missing"), Column("of")),
        rows=tuple(
            (
                Entry(condition.name, about=condition.name),
                Entry(str(len(left))),
                Entry(str(len(evidence.results.conditions[condition]))),
            )
            for condition, left in lacking
        ),
    )
