"""Each claim with its answer, and the comparisons it rests on."""

from collections.abc import Callable, Collection, Iterator

from attrs import evolve

from ...matching import RULES, Comparison, answer
from ...points import points
from ...results import Condition
from ...statistics import Average
from ...verdicts import Case, Verdict, judge
from ..blocks import Column, Entry, Judgement, Section, Table, Tone
from ..drawings import Dot, Dots, Level
from ..evidence import COLLAPSED, MIXED, Evidence
from ..numbers import difference, interval, score

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


def verdicts_about(evidence: Evidence, conditions: Collection[Condition]) -> Section:
    """The verdicts that some case of these conditions stands in, with such cases alone; the answers are of all."""
    judgements = []
    for claim in evidence.study.claims:
        verdict = judge(claim, evidence.study, evidence.results)
        about = tuple(case for case in verdict.cases if case.left in conditions or case.right in conditions)
        cases = _cases(evidence, evolve(verdict, cases=about))
        if len(about) < len(verdict.cases):
            its = f"{len(about)} of the {len(verdict.cases)} cases {'is' if len(about) == 1 else 'are'} of this ticket"
            cases = evolve(cases, notes=(its, *cases.notes))
        if about:
            judgements.append(Judgement(verdict, cases))
    return Section(title="Verdicts", blocks=tuple(judgements))


def _cases(evidence: Evidence, verdict: Verdict) -> Table:
    columns = [
        (column, fill)
        for column, fill, is_always in _columns(evidence)
        if is_always or any(fill(case).text for case in verdict.cases)
    ]
    sides = [side for case in verdict.cases for side in (case.left, case.right) if side is not None]
    signs = dict.fromkeys(SIGNS[case.answer][0] for case in verdict.cases)
    notes = [EXPLAINED[sign] for sign in signs if sign in EXPLAINED]
    if any(case.bound is not None for case in verdict.cases):
        notes.append(
            f"{_bound_name(evidence)}: what a one-sided t test over runs of the same seeds says of the difference"
        )
    by_others = _by_other_rules(evidence, verdict)
    if by_others is not None:
        notes.append(by_others)
    notes += [note for note in evidence.footnotes(sides) if not note.startswith(MIXED) or _is_mixed(verdict)]
    return Table(
        title="",
        columns=tuple(column for column, _ in columns),
        rows=tuple(tuple(fill(case) for _, fill in columns) for case in verdict.cases),
        notes=tuple(notes),
        see="" if by_others is None else "Matching",
        or_else="" if by_others is None else "`report matching` in the study shows the rules side by side",
        drawing=Dots(
            name="difference, in points",
            dots=tuple(map(_dot, verdict.cases)),
            level=Level(name="no difference", value=0.0),
            other_name="as far down as the rule allows" if any(map(_allowed, verdict.cases)) else "",
        ),
    )


def _dot(case: Case) -> Dot | None:
    if case.difference is None:
        return None
    low, high = (None, None) if case.interval is None else (100 * case.interval.low, 100 * case.interval.high)
    return Dot(value=100 * case.difference, low=low, high=high, other=_allowed(case), about=case.left.name)


def _allowed(case: Case) -> float | None:
    """The difference from which on a case does not match any more, in points."""
    return None if case.tolerance is None else -100 * case.tolerance


def _by_other_rules(evidence: Evidence, verdict: Verdict) -> str | None:
    """How many cases would hold by every rule of the field; None where these agree, or nothing matches anything."""
    pairs = [(case.left, case.right) for case in verdict.cases if case.right is not None]
    if verdict.claim.relation != "matches" or verdict.answer not in {"holds", "fails"} or not pairs:
        return None
    found = [Comparison.of(left, right, evidence.results) for left, right in pairs]
    counts = [sum(answer(rule, each) == "holds" for each in found) for rule in RULES]
    if min(counts) == max(counts):
        return None
    return f"it depends on the rule: by others that are in use {min(counts)} to {max(counts)} of these cases hold"


def _columns(evidence: Evidence) -> Iterator[tuple[Column, Callable[[Case], Entry], bool]]:
    """Headings, what stands below them, and whether they are there in any case."""
    yield Column("case", is_number=False), _name, True
    yield Column("score"), lambda case: _score(evidence, case.left, case.left_average), True
    yield Column("against", is_number=False, under="case"), _against, True
    yield Column("score", under="score"), lambda case: _score(evidence, case.right, case.right_average), True
    yield Column("differ"), lambda case: Entry(difference(case.difference), mark=MIXED if case.is_mixed else ""), True
    yield Column("95% interval", is_extra=True), lambda case: Entry(interval(case.interval)), False
    yield Column(_bound_name(evidence)), lambda case: Entry("" if case.bound is None else difference(case.bound)), False
    yield Column("allowed"), lambda case: Entry("" if case.tolerance is None else points(100 * case.tolerance)), False
    yield Column("runs"), lambda case: Entry(_runs(case)), True


def _name(case: Case) -> Entry:
    sign, tone = SIGNS[case.answer]
    return Entry(f"{sign} {case.left.name}", tone=tone)


def _against(case: Case) -> Entry:
    return Entry(case.right.name.removesuffix(f"/{case.right.target}") if case.right else "nothing there")


def _score(evidence: Evidence, condition: Condition | None, average: Average | None) -> Entry:
    about = "" if condition is None else condition.name
    return Entry(score(average), mark=_collapsed(evidence, condition), about=about)


def _bound_name(evidence: Evidence) -> str:
    rule = evidence.study.match
    return "at most" if rule is not None and rule.to_show == "difference" else "at least"


def _collapsed(evidence: Evidence, condition: Condition | None) -> str:
    return COLLAPSED if condition is not None and evidence.results.collapsed_in(condition) else ""


def _runs(case: Case) -> str:
    """`3`, or `3, 2` where the sides differ."""
    counts = [average.n if average else 0 for average in (case.left_average, case.right_average)]
    return ", ".join(map(str, dict.fromkeys(counts)))


def _is_mixed(verdict: Verdict) -> bool:
    return any(case.is_mixed for case in verdict.cases)
