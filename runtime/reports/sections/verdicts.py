"""Each claim with its answer, and the comparisons it rests on."""

from ...statistics import Average
from ...verdicts import Case, Verdict, judge
from ..blocks import Column, Entry, Judgement, Section, Table, Tone
from ..evidence import MIXED, Evidence
from ..numbers import difference, score

TONES: dict[str, Tone] = {"holds": "good", "fails": "bad", "not enough runs": "faint", "no result yet": "faint"}


def section(evidence: Evidence) -> Section:
    """One judgement for each claim of the study."""
    verdicts = (judge(claim, evidence.study, evidence.results) for claim in evidence.study.claims)
    return Section(
        title="Verdicts", blocks=tuple(Judgement(verdict, _cases(evidence, verdict)) for verdict in verdicts)
    )


def _cases(evidence: Evidence, verdict: Verdict) -> Table:
    has_tolerance = any(case.tolerance is not None for case in verdict.cases)
    names = ("difference", "allowed") if has_tolerance else ("difference",)
    sides = [side for case in verdict.cases for side in (case.left, case.right) if side is not None]
    return Table(
        title="",
        columns=(
            Column("case", is_number=False),
            Column("score"),
            Column("against", is_number=False),
            Column("its score"),
            *map(Column, names),
            Column("", is_number=False),
        ),
        rows=tuple(_row(evidence, case, has_tolerance) for case in verdict.cases),
        notes=tuple(note for note in evidence.footnotes(sides) if not note.startswith(MIXED) or _is_mixed(verdict)),
    )


def _row(evidence: Evidence, case: Case, has_tolerance: bool) -> tuple[Entry, ...]:
    allowed = (Entry("" if case.tolerance is None else f"{100 * case.tolerance:.2f}"),) if has_tolerance else ()
    against = case.right.name.removesuffix(f"/{case.right.target}") if case.right else "nothing to compare with"
    mixed = MIXED if case.is_mixed else ""
    return (
        Entry(case.left.name),
        Entry(_score(case.left_average), mark=evidence.marks((case.left,)).replace(MIXED, "")),
        Entry(against),
        Entry(_score(case.right_average), mark=evidence.marks((case.right,) if case.right else ()).replace(MIXED, "")),
        Entry(difference(case.difference), mark=mixed),
        *allowed,
        Entry(case.answer, tone=TONES[case.answer]),
    )


def _score(average: Average | None) -> str:
    """`81.20 ± 0.31 (3)`, the number of runs in brackets."""
    return score(average) + (f" ({average.n})" if average else "")


def _is_mixed(verdict: Verdict) -> bool:
    return any(case.is_mixed for case in verdict.cases)
