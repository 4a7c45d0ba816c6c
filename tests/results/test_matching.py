"""What matches dense depends on the rule: the paper's own numbers, tests against scipy, and the table of all rules."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from handmade import AT, DENSE, claim, fill, plan, rule, same_as_golden, shown, study, ticket, transfer
from hypothesis import given, settings
from hypothesis import strategies as st
from papers_numbers import TABLE_2
from scipy import stats

from runtime.matching import NOT_SHOWN_BELOW, ONE_SD, RULES, SHOWN_WITHIN_A_POINT, Comparison, answer, matches, sparsest
from runtime.reports import Evidence, report, whole_report
from runtime.reports.writers.html import html_page
from runtime.reports.writers.markdown import markdown_report
from runtime.reports.writers.terminal import terminal_report
from runtime.results import Condition, Results
from runtime.statistics import Average, average
from runtime.store import Store
from ticketlang.plan import Cell
from ticketlang.study import ArmPattern, MatchRule, Published, PublishedLevel, Seeds, Study
from ticketlang.units import Sparsity

GOLDENS = Path(__file__).parent / "goldens"


def in_hundredths(mean: float, deviation: float) -> Average:
    return Average(mean=mean / 100, sd=deviation / 100, n=5, asked=5)


def of_runs(*values: float) -> Average:
    found = average(values, len(values))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("wanted", "failing"),
    [
        (RULES[0], {"qqp", "stsb", "qnli", "mrpc", "rte", "sst2", "cola", "squad", "mlm"}),
        (ONE_SD[0], {"mrpc", "sst2", "cola", "mlm"}),
        (ONE_SD[1], set()),
        (ONE_SD[2], set()),
        (ONE_SD[3], {"mrpc", "cola", "mlm"}),
    ],
    ids=lambda value: f"{len(value)} fail" if isinstance(value, set) else str(value),  # sets have no order
)
def test_the_winning_tickets_of_the_paper_are_none_under_every_rule(wanted: MatchRule, failing: set[str]) -> None:
    """Read literally, its rule fails for four of eleven; by the mean alone, nine are none."""
    found = {
        name
        for name, (dense, ours) in TABLE_2.items()
        if not matches(wanted, in_hundredths(*ours), in_hundredths(*dense))
    }
    assert found == failing
    assert all(matches(rule_, in_hundredths(*TABLE_2["mnli"][1]), in_hundredths(*TABLE_2["mnli"][0])) is None
               for rule_ in (NOT_SHOWN_BELOW, SHOWN_WITHIN_A_POINT))  # published means are no paired runs  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_rules_with_a_confidence_are_the_t_tests_of_scipy(seed: int) -> None:
    """Shown to be within a point: the test against a difference of minus one point. Shown to be below: against zero."""
    rng = np.random.default_rng(seed)
    dense = 0.8 + 0.01 * rng.standard_normal(6)
    ours = dense - 0.004 + 0.006 * rng.standard_normal(6)
    mine, theirs, paired = of_runs(*ours), of_runs(*dense), of_runs(*(ours - dense))

    within = stats.ttest_rel(ours + 0.01, dense, alternative="greater").pvalue
    below = stats.ttest_rel(ours, dense, alternative="less").pvalue

    assert matches(SHOWN_WITHIN_A_POINT, mine, theirs, paired) == (within <= 0.05)
    assert matches(NOT_SHOWN_BELOW, mine, theirs, paired) == (below >= 0.05)


SCORES = st.lists(st.sampled_from([0.5, 0.5, 0.51, 0.55, 0.6, 0.6, 0.625, 0.7]), min_size=2, max_size=8)  # with ties


@settings(deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.5, 1.0, 2.0]))
def test_rules_over_means_and_deviations_are_those_of_numpy(
    ours: list[float], dense: list[float], times: float
) -> None:
    """Whatever the runs: unequal in number, tied, or without any spread. What is equal matches."""
    mine, theirs = of_runs(*ours), of_runs(*dense)
    a, b = np.array(ours), np.array(dense)
    within = {"ticket": a.std(ddof=1), "dense": b.std(ddof=1), "larger": max(a.std(ddof=1), b.std(ddof=1))}
    both = len(ours) + len(dense) - 2
    within["pooled"] = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / both)
    for deviation, sigma in within.items():
        wanted = MatchRule(amount=Fraction(times), unit="sd", deviation=deviation, at=AT)  # type: ignore[arg-type]
        assert matches(wanted, mine, theirs) == (a.mean() - b.mean() >= -times * sigma - 1e-12), deviation
    assert matches(RULES[0], mine, theirs) == (a.mean() >= b.mean() - 1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([0.5, 0.505, 0.51, 0.52, 0.6])] * 2), min_size=2, max_size=8))
def test_rules_with_a_confidence_are_tests_of_every_input(pairs: list[tuple[float, float]]) -> None:
    """Against scipy; and where the pairs have no spread, which leaves no test, by the difference itself."""
    ours, dense = (np.array(side) for side in zip(*pairs, strict=True))
    mine, theirs, paired = of_runs(*ours), of_runs(*dense), of_runs(*(ours - dense))
    if paired.sd is not None and paired.sd > 1e-12:
        within = stats.ttest_rel(ours + 0.01, dense, alternative="greater").pvalue
        below = stats.ttest_rel(ours, dense, alternative="less").pvalue
        if min(abs(within - 0.05), abs(below - 0.05)) < 1e-9:
            return  # at the very edge the last digit decides
        expected = within <= 0.05, below >= 0.05
    else:
        expected = bool(ours.mean() - dense.mean() >= -0.01 - 1e-12), bool(ours.mean() - dense.mean() >= -1e-12)
    found = matches(SHOWN_WITHIN_A_POINT, mine, theirs, paired), matches(NOT_SHOWN_BELOW, mine, theirs, paired)
    assert found == expected


def test_both_answers_of_each_test_were_seen() -> None:
    """Guards the test above: clear cases, both ways."""
    dense = of_runs(0.80, 0.81, 0.82, 0.83)
    near, far = of_runs(-0.001, 0.001, 0.0, 0.0005), of_runs(-0.02, -0.021, -0.019, -0.02)

    assert [matches(SHOWN_WITHIN_A_POINT, dense, dense, each) for each in (near, far)] == [True, False]
    assert [matches(NOT_SHOWN_BELOW, dense, dense, each) for each in (near, far)] == [True, False]


def test_what_is_shown_either_way_takes_runs() -> None:
    """Two noisy runs show nothing: no match within a point, and no difference."""
    dense, noisy = of_runs(0.8, 0.81), of_runs(-0.03, 0.02)

    assert matches(SHOWN_WITHIN_A_POINT, dense, dense, noisy) is False
    assert matches(NOT_SHOWN_BELOW, dense, dense, noisy) is True


@pytest.mark.parametrize("wanted", RULES, ids=str)
def test_no_rule_answers_without_two_runs(wanted: MatchRule) -> None:
    one, two = Average(mean=0.9, sd=None, n=1, asked=1), of_runs(0.8, 0.81)

    assert answer(wanted, Comparison(mine=one, theirs=two, paired=one)) == "not enough runs"
    assert answer(wanted, Comparison(mine=two, theirs=one, paired=one)) == "not enough runs"
    assert answer(wanted, Comparison(mine=two, theirs=None, paired=None)) == "no result yet"
    half_done = Average(mean=0.9, sd=0.01, n=2, asked=3)
    assert answer(wanted, Comparison(mine=half_done, theirs=two, paired=two)) == "no result yet"


def test_a_test_needs_two_pairs_that_share_no_run() -> None:
    """Several tickets beside one dense run are one comparison, however many there are."""
    two = of_runs(0.8, 0.81)
    found = Comparison(mine=two, theirs=two, paired=Average(mean=0.0, sd=None, n=1, asked=1))

    assert answer(SHOWN_WITHIN_A_POINT, found) == "not enough runs"
    assert answer(RULES[0], found) == "holds"


def test_pairs_that_share_a_run_count_once(tmp_path: Path) -> None:
    """Three searches with one training seed, against its one dense run; then two training seeds."""
    searches = tuple(evolve(Seeds.tied(head), search=search) for head in (1, 2) for search in (1, 2, 3))
    laid_out = plan(evolve(study(ticket("a", 30), ticket("b", 30), baselines=(DENSE,),
                                 transfers=(transfer("imp", 30, "a", "b"),)), seeds=searches))  # fmt: skip
    store = Store.open(tmp_path)
    fill(store, laid_out, lambda cell: 0.8 + cell.seeds.head / 100 - (cell.arm == "imp") * cell.seeds.search / 1000)
    results = Results.of(laid_out, store)
    dense = Condition(arm="dense", ticket=None, level=None, target="a")
    (imp,) = (c for c in results.conditions if c.name == "imp/a@30%/a")

    assert len(results.runs(imp)) == 6
    assert results.differences(imp, dense) == pytest.approx((-0.002, -0.002))


def ladder(*answers_: bool | None) -> dict[Sparsity, Comparison]:
    """Levels of 10%, 20%, ...: at or above dense, below it, or without a result."""
    dense = of_runs(0.8, 0.8)
    scores = (None if is_match is None else of_runs(*[0.8 if is_match else 0.7] * 2) for is_match in answers_)
    return {
        Sparsity.percent(10 * i): Comparison(mine=mine, theirs=dense, paired=None) for i, mine in enumerate(scores, 1)
    }


def test_the_sparsest_level_that_matches() -> None:
    def found(*answers_: bool | None) -> tuple[str, str | None, bool]:
        level = sparsest(RULES[0], ladder(*answers_))
        return str(level.level), level.undecided, level.has_gap

    assert found(True, True, False) == ("20%", None, False)
    assert found(True, False, True) == ("30%", None, True)
    assert found(False, False) == ("None", None, False)
    assert found(True, None, False) == ("10%", "no result yet", False)
    assert found(True, True, None) == ("20%", "no result yet", False)
    assert found(None) == ("None", "no result yet", False)


# The report

WANTED = study(
    ticket("a", 30, 50, 70),
    ticket("b", 30, 50, 70),
    ticket("mlm", 30, 50, 70),
    tasks=("a", "b", "mlm"),
    seeds=5,
    baselines=(DENSE,),
    transfers=(transfer("imp", 70, "a", "b", "mlm"),),
    match=rule("larger"),
    report=("matching",),
)
SPREAD = (0.004, -0.002, 0.001, -0.004, 0.002)
FALLS = {"a": 0.0, "b": 0.01, "mlm": 0.004}


def score(cell: Cell) -> float:
    """Dense is level; tickets fall with sparsity, on each task in another way, and vary on their own."""
    run = cell.seeds.head - 1
    if cell.level is None:
        return 0.8 + SPREAD[run]
    own = 0.001 * ((run * 2 + len(cell.target)) % 5 - 2)
    return 0.8 + SPREAD[run] + own - FALLS[cell.target] * (2 * float(cell.level.fraction) - 0.5)


def text_of(folder: Path, of: Study, scores: Callable[[Cell], float | None], title: str, width: int) -> str:
    store, laid_out = Store.open(folder / "store"), plan(of)
    fill(store, laid_out, scores)
    found = report(Evidence.of(laid_out, store))
    sections = tuple(section for section in found.sections if section.title == title)
    return shown(*terminal_report(evolve(found, sections=sections)), width=width)


@pytest.mark.parametrize("width", [80, 120])
def test_all_rules_side_by_side(tmp_path: Path, width: int) -> None:
    text = text_of(tmp_path, WANTED, score, "Matching", width)

    assert max(map(len, text.splitlines())) <= width
    assert same_as_golden(GOLDENS / f"matching-{width}.txt", text)


def test_with_one_seed_nothing_matches_and_nothing_fails(tmp_path: Path) -> None:
    text = text_of(tmp_path, evolve(WANTED, seeds=(Seeds.tied(1),)), score, "Matching", 120)

    assert "? a verdict needs at least 2 runs" in text
    assert "none" not in text
    assert "disagree" not in text
    assert not any(f"{level}%" in line for line in text.splitlines() for level in (30, 50) if "sd" in line)


def test_a_joint_source_is_matched_on_each_of_its_tasks(tmp_path: Path) -> None:
    """No task is its own, and on all of them it was tried: on no other target, which is said."""
    joint = evolve(ticket("a", 30, 70), source=("a", "b"))
    wanted = study(joint, seeds=5, baselines=(DENSE,), transfers=(transfer("imp", 70, "a", "b"),), report=("matching",))
    text = text_of(tmp_path, wanted, score, "Matching", 120)

    (heading, *_) = (line.split() for line in text.splitlines() if line.startswith("match ..."))
    assert heading[2:] == ["a", "(of", "a+b)", "b", "(of", "a+b)"]
    (strict, *_) = (line for line in text.splitlines() if line.startswith("at or above dense"))
    assert strict.split()[-2:] == ["70%", "none"]
    assert "\N{EN DASH} tried on no other target that it could be compared on" in text


def test_published_levels_bring_the_table_with_them(tmp_path: Path) -> None:
    numbers = (PublishedLevel(arm=ArmPattern(arm="imp"), target="b", level=Sparsity.percent(90), at=AT),)
    published = (Published(where="A. Author 2020, Table 4", numbers=numbers, at=AT),)
    text = text_of(tmp_path, evolve(WANTED, report=(), published=published), score, "Matching", 120)

    (line,) = (line for line in text.splitlines() if "Table 4" in line)
    assert line.split()[-1] == "90%"


@pytest.mark.parametrize("width", [80, 120])
def test_verdicts_show_what_they_rest_on(tmp_path: Path, width: int) -> None:
    """The interval where there is room for it, and the bound that the rule's test looks at."""
    wanted = evolve(
        WANTED,
        match=MatchRule(amount=Fraction(1), unit="points", confidence=Fraction(95, 100), at=AT),
        claims=(
            claim(
                ArmPattern(arm="imp", source="target", level=Sparsity.percent(70)), "matches", ArmPattern(arm="dense")
            ),
        ),
    )
    text = text_of(tmp_path, wanted, score, "Verdicts", width)

    assert max(map(len, text.splitlines())) <= width
    assert same_as_golden(GOLDENS / f"tested-{width}.txt", text)


@pytest.mark.parametrize("asked", [("matching",), ()])
def test_a_verdict_points_at_the_section_where_there_is_one(tmp_path: Path, asked: tuple[str, ...]) -> None:
    """A page has it in any case, and links it; a report that does not is told how to have it."""
    of_own = ArmPattern(arm="imp", source="target", level=Sparsity.percent(70))
    rule = MatchRule(amount=Fraction(1), unit="points", confidence=Fraction(95, 100), at=AT)
    wanted = evolve(WANTED, match=rule, report=asked, claims=(claim(of_own, "matches", ArmPattern(arm="dense")),))
    store, laid_out = Store.open(tmp_path / "store"), plan(wanted)
    fill(store, laid_out, score)
    evidence = Evidence.of(laid_out, store)
    text = shown(*terminal_report(report(evidence)), width=120)

    assert ("\n    see the section Matching\n" in text) is bool(asked)
    assert ("`report matching` in the study shows the rules side by side" in text) is not bool(asked)
    whole = whole_report(evidence)
    page, said = html_page(whole), markdown_report(whole)
    assert 'see the section <a href="#matching">Matching</a>' in page
    assert '<section id="matching"' in page
    assert "report matching" not in page.partition("<body>")[2]
    assert "- see the section Matching\n" in said


def test_scores_show_their_intervals_where_there_is_room(tmp_path: Path) -> None:
    wide, narrow = (text_of(tmp_path, WANTED, score, "Scores", width) for width in (120, 60))

    assert "95% interval" in wide
    assert "95% interval" not in narrow
