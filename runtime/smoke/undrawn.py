"""What claims and reports take from results, and whether they get it."""

from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from ticketlang.plan import Cell, Plan

from ..reports import Evidence, report, section_of
from ..reports.writers.terminal import terminal_report
from ..results import Results
from ..verdicts import judge, pairs

if TYPE_CHECKING:
    from ..store import Store

Case = tuple[Sequence[Cell], Sequence[Cell]]


def comparisons(plan: Plan) -> dict[str, tuple[Case, ...]]:
    """The cases of each claim: the cells of all runs on its left side and on its right side."""
    results = Results(plan, {})
    cells = results.conditions
    return {
        claim.name: tuple((cells[left], cells[right]) for left, right in pairs(claim, results) if right is not None)
        for claim in plan.study.claims
    }


def undrawn(plan: Plan, store: "Store") -> Iterator[tuple[str, str]]:
    """What of the report cannot be drawn from the results, and why: `claim universal`, a sentence."""
    evidence = Evidence.of(plan, store)
    for claim in plan.study.claims:
        cases = judge(claim, plan.study, evidence.results).cases
        if not any(case.difference is not None for case in cases):
            yield f"claim {claim.name}", "no case of it has results on both sides"
    for name in plan.study.report:
        if not section_of(evidence, name).blocks:
            yield f"report {name}", "it has nothing to show"
    from rich.console import Console

    out = Console(file=StringIO(), width=100)
    for block in terminal_report(report(evidence)):
        out.print(block)
