"""Which invariants were checked while the results were made, how often, and how often they held."""

from collections import Counter
from collections.abc import Iterator

from ..blocks import Block, Column, Entry, Prose, Table
from ..evidence import Evidence

NAMED = 12  # results whose keys are listed where a check does not hold


def certificates(evidence: Evidence) -> Iterator[Block]:
    checked: Counter[str] = Counter()
    held: Counter[str] = Counter()
    broken: list[str] = []
    results = 0
    for key in evidence.plan.jobs:
        certificate = evidence.certificate(key)
        if certificate is None:
            continue
        results += 1
        for check in certificate.checks:
            checked[check.name] += 1
            held[check.name] += check.holds
        if not certificate.holds:
            broken.append(key)
    if not checked:
        return
    yield Prose(
        f"{results} stored results carry certificates: what was checked in that very run. `ticketrun verify` recomputes"
        " them from the stored files."
    )
    if broken:
        yield Prose(f"Checks do not hold in {len(broken)} results: {', '.join(broken[:NAMED])}.")
    yield Table(
        title="",
        columns=(Column("what was checked", is_number=False), Column("hold"), Column("of")),
        rows=tuple(
            (
                Entry(name),
                Entry(f"{held[name]:,}", tone="plain" if held[name] == count else "bad"),
                Entry(f"{count:,}"),
            )
            for name, count in sorted(checked.items(), key=lambda each: (-each[1], each[0]))
        ),
    )
