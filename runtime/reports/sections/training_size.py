"""How tickets transfer, against how much their sources had to train on (Chen et al. 2020, section 4, question 2)."""

import statistics
from collections.abc import Sequence

from attrs import frozen

from ticketlang.jobs import Prune
from ticketlang.study import Ticket
from ticketlang.units import Sparsity

from ...points import points
from ...results import Condition
from ..blocks import MISSING, Block, Column, Entry, Section, Table
from ..evidence import Evidence, said_of
from ..numbers import difference


@frozen
class Source:
    """What a ticket was found on, and how it does elsewhere."""

    ticket: Ticket
    examples: int | None  # that its search was trained on; None: not known yet
    gaps: tuple[float, ...]  # to dense, mean over runs, on every other target
    conditions: tuple[Condition, ...]

    @property
    def mean(self) -> float | None:
        return statistics.fmean(self.gaps) if self.gaps else None


def section(evidence: Evidence) -> Section:
    """One table for each ticket block and level at which tickets were transferred."""
    blocks: list[Block] = []
    for (name, variant, level), tickets in evidence.transferred.items():
        sources = [_source(evidence, ticket, level) for ticket in tickets if ticket.source]
        if sources:
            blocks.append(_table(evidence, f"{name} at {level}{said_of(variant)}", sources))
    return Section(title="Transfer by training set", blocks=tuple(blocks))


def _source(evidence: Evidence, ticket: Ticket, level: Sparsity) -> Source:
    elsewhere = tuple(
        condition
        for condition in evidence.results.conditions
        if condition.is_ticket
        and (condition.ticket, condition.level) == (ticket, level)
        and condition.target not in ticket.source
    )
    gaps = (evidence.results.gap(condition) for condition in elsewhere)
    return Source(ticket, _examples(evidence, ticket, level), tuple(gap.mean for gap in gaps if gap), elsewhere)


def _examples(evidence: Evidence, ticket: Ticket, level: Sparsity) -> int | None:
    """Of the training that was pruned, as it counted them itself; seeds train on equally many."""
    for mask in evidence.masks.get((ticket, level), {}).values():
        job = evidence.plan.jobs[mask].job if mask in evidence.plan.jobs else None
        trained = job.weights if isinstance(job, Prune) else None
        artifact = evidence.artifact(trained) if trained is not None else None
        if artifact is not None:
            return int(artifact.result["examples"])
    return None


def _table(evidence: Evidence, name: str, sources: Sequence[Source]) -> Table:
    in_order = sorted(sources, key=lambda source: -1 if source.examples is None else source.examples)
    return Table(
        title=f"{name}: examples of the source, and the mean gap on other targets",
        columns=(Column("source", is_number=False), Column("examples"), Column("gap to dense"), Column("targets")),
        rows=tuple(_row(evidence, source) for source in in_order),
        notes=(_correlation(in_order), *evidence.footnotes([c for source in sources for c in source.conditions])),
    )


def _row(evidence: Evidence, source: Source) -> tuple[Entry, ...]:
    return (
        Entry(source.ticket.source_name),
        MISSING if source.examples is None else Entry(f"{source.examples:,}"),
        MISSING if source.mean is None else Entry(difference(source.mean), mark=evidence.marks(source.conditions)),
        Entry(f"{len(source.gaps)} of {len(source.conditions)}"),
    )


def _correlation(sources: Sequence[Source]) -> str:
    """Whether tickets of more examples do better: a correlation of ranks, which no single source can decide."""
    from scipy.stats import spearmanr

    known = [(source.examples, source.mean) for source in sources if source.examples and source.mean is not None]
    sizes, means = [size for size, _ in known], [mean for _, mean in known]
    said = "mean over targets of the mean over runs, in points"
    if len(known) < 3 or len(set(sizes)) < 2 or len(set(means)) < 2:
        return f"{said}; too few sources to say whether more examples help"
    rank = float(spearmanr(sizes, means).statistic)
    return (
        f"{said}; rank correlation with the examples of {len(known)} sources: {points(rank, is_signed=True)} (Spearman)"
    )
