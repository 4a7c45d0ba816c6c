"""Each claim with its answer, and the comparisons it rests on."""

from ...results import Condition
from ...verdicts import Case, Verdict, judge
from ..blocks import Column, Entry, Judgement, Section, Table, Tone
from ..evidence import COLLAPSED, MIXED, Evidence
from ..numbers import difference, score

SIGNS: dict[str, tuple[str, Tone]] = {
    "holds": ("✓", "good"),
    "fails": ("✗", "bad"),
    "not enough runs": ("?", "faint"),
    "no result yet": ("…", "faint"),
}
EXPLAINED = {"?": "? has too few runs", "…": "… is not all there yet"}  # the other two speak for themselves


def section(evidence: Evidence) -> Section:
    """One judgement for each claim of the study."""
    verdicts = (judge(claim, evidence.study, evidence.results) for claim in evidence.study.claims)
    return Section(
        title="Verdicts", blocks=tuple(Judgement(verdict, _cases(evidence, verdict)) for verdict in verdicts)
    )


def _cases(evidence: Evidence, verdict: Verdict) -> Table:
    has_tolerance = any(case.tolerance is not None for case in verdict.cases)
    sides = [side for case in verdict.cases for side in (case.left, case.right) if side is not None]
    signs = dict.fromkeys(SIGNS[case.answer][0] for case in verdict.cases)
    notes = [EXPLAINED[sign] for sign in signs if sign in EXPLAINED]
    notes += [note for note in evidence.footnotes(sides) if not note.startswith(MIXED) or _is_mixed(verdict)]
    return Table(
        title="",
        columns=(
            Column("case", is_number=False),
            Column("score"),
            Column("against", is_number=False),
            Column("score"),
            Column("differ"),
            *((Column("allowed"),) if has_tolerance else ()),
            Column("runs"),
        ),
        rows=tuple(_row(evidence, case, has_tolerance) for case in verdict.cases),
        notes=tuple(notes),
    )


def _row(evidence: Evidence, case: Case, has_tolerance: bool) -> tuple[Entry, ...]:
    sign, tone = SIGNS[case.answer]
    allowed = (Entry("" if case.tolerance is None else f"{100 * case.tolerance:.2f}"),) if has_tolerance else ()
    against = case.right.name.removesuffix(f"/{case.right.target}") if case.right else "nothing there"
    return (
        Entry(f"{sign} {case.left.name}", tone=tone),
        Entry(score(case.left_average), mark=_collapsed(evidence, case.left)),
        Entry(against),
        Entry(score(case.right_average), mark=_collapsed(evidence, case.right)),
        Entry(difference(case.difference), mark=MIXED if case.is_mixed else ""),
        *allowed,
        Entry(_runs(case)),
    )


def _collapsed(evidence: Evidence, condition: Condition | None) -> str:
    return COLLAPSED if condition is not None and evidence.results.collapsed_in(condition) else ""


def _runs(case: Case) -> str:
    """`3`, or `3, 2` where the sides differ."""
    counts = [average.n if average else 0 for average in (case.left_average, case.right_average)]
    return ", ".join(map(str, dict.fromkeys(counts)))


def _is_mixed(verdict: Verdict) -> bool:
    return any(case.is_mixed for case in verdict.cases)
