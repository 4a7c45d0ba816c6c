"""Claims against results: the paper's own tables as data, and what a claim leaves unsaid."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve
from handmade import DENSE, RANDOM_INIT, RANDOM_MASK, claim, fill, plan, rule, study, ticket, transfer
from papers_numbers import MATRIX, TABLE_2, TASKS

from runtime.matching import matches
from runtime.results import Results
from runtime.statistics import Average
from runtime.store import Store
from runtime.verdicts import Verdict, judge
from ticketlang.plan import Cell
from ticketlang.study import ArmPattern, Claim, Study
from ticketlang.units import START, Duration, Sparsity

AT_70 = Sparsity.percent(70)


def of(arm: str, source: str | None = None, level: Sparsity | None = None) -> ArmPattern:
    return ArmPattern(arm=arm, source=source, level=level)


def judged(folder: Path, of: Study, score: Callable[[Cell], float | None]) -> dict[str, Verdict]:
    """The verdicts of a study whose cells have these scores."""
    store = Store.open(folder / "store")
    laid_out = plan(of)
    fill(store, laid_out, score)
    results = Results.of(laid_out, store)
    return {claim.name: judge(claim, of, results) for claim in of.claims}


def answers(verdict: Verdict) -> dict[str, str]:
    return {f"{case.left.name} : {case.right.name if case.right else None}": case.answer for case in verdict.cases}


def about(mean: float, deviation: float, seed: int) -> float:
    """One of two runs with this mean and this sample deviation, in hundredths."""
    return (mean + (deviation if seed == 1 else -deviation) / 2**0.5) / 100


@pytest.mark.parametrize(
    ("deviation", "failing"),
    [
        ("dense", {"mrpc", "sst2", "cola", "mlm"}),
        ("larger", set()),
        ("ticket", set()),
    ],
)
def test_table_2_under_its_own_rule(tmp_path: Path, deviation: str, failing: set[str]) -> None:
    """Within one deviation of dense BERT: four of the eleven winning tickets are none, unless theirs counts, too."""
    wanted = study(
        *(ticket(name, 50) for name in TABLE_2),
        tasks=tuple(TABLE_2),
        baselines=(DENSE,),
        match=rule(deviation),
        claims=(claim(of("imp"), "matches", of("dense")),),
    )

    def score(cell: Cell) -> float:
        dense, winning = TABLE_2[cell.target]
        return about(*(dense if cell.arm == "dense" else winning), cell.seeds.head)

    verdict = judged(tmp_path, wanted, score)["it"]

    assert len(verdict.cases) == 11
    assert {case.left.target for case in verdict.cases if case.answer == "fails"} == failing
    assert verdict.answer == ("fails" if failing else "holds")


def matrix_study(*claims: Claim, **more: object) -> Study:
    found = [ticket(source, 70) for source in TASKS]
    direct = ticket(None, 70, name="direct")
    return study(
        *found,
        direct,
        tasks=TASKS,
        baselines=(DENSE,),
        transfers=(transfer("imp", 70, *TASKS), transfer("direct", 70, *TASKS)),
        claims=claims,
        **more,
    )


def matrix_score(cell: Cell) -> float:
    gap = 0.0
    if cell.ticket is not None:
        gap = MATRIX[cell.ticket.source_name][0][TASKS.index(cell.target)]
    return (90 + gap + cell.seeds.head) / 100


def test_the_counts_of_the_transfer_matrix(tmp_path: Path) -> None:
    """`universal` for every source: on how many of the other targets it is as good as their own."""
    own = of("imp", "target")
    universal = [claim(of("imp", s), "is at least", own, name=s, other=True) for s in TASKS]
    direct = claim(of("direct"), "is at least", own, name="none")
    verdicts = judged(tmp_path, matrix_study(*universal, direct), matrix_score)

    counts = {name: sum(a == "holds" for a in answers(verdicts[name]).values()) for name in MATRIX}
    assert counts == {name: count for name, (_, count) in MATRIX.items()}
    assert [name for name in MATRIX if verdicts[name].answer == "holds"] == ["mlm"]
    assert len(verdicts["mlm"].cases) == 10
    assert len(verdicts["none"].cases) == 11


def test_a_drop_of_two_and_a_half_points(tmp_path: Path) -> None:
    """Seven sources then transfer to at least half of the other tasks, as the paper's second version says."""
    own = of("imp", "target")
    close = [claim(of("imp", s), "is within", own, name=s, other=True, margin=Fraction(5, 2)) for s in TASKS]
    verdicts = judged(tmp_path, matrix_study(*close), matrix_score)

    halves = [s for s in TASKS if sum(case.answer == "holds" for case in verdicts[s].cases) >= 5]
    assert halves == ["mnli", "qqp", "stsb", "qnli", "rte", "squad", "mlm"]


def test_universal_against_dense_is_another_claim(tmp_path: Path) -> None:
    """The MLM ticket is at least dense on three targets of eleven: both verdicts belong side by side."""
    verdict = judged(tmp_path, matrix_study(claim(of("imp", "mlm"), "is at least", of("dense"))), matrix_score)["it"]

    assert verdict.answer == "fails"
    assert [case.left.target for case in verdict.cases if case.answer == "holds"] == ["mnli", "wnli", "qnli"]
    assert verdict.summary == "3 of 11 cases hold; furthest off is imp/mlm@70%/cola at \N{MINUS SIGN}7.36 points"


def test_means_are_compared_unrounded(tmp_path: Path) -> None:
    """-2.834 and -2.826 are both -2.83, and not equal: the tie in the paper's last row."""

    def score(cell: Cell) -> float:
        if cell.target == "squad" and cell.ticket is not None and cell.ticket.source_name in {"none", "squad"}:
            return (90 - (2.834 if cell.arm == "direct" else 2.826) + cell.seeds.head) / 100
        return matrix_score(cell)

    wanted = matrix_study(claim(of("direct"), "is at least", of("imp", "target")))
    verdict = judged(tmp_path, wanted, score)["it"]

    assert sum(case.answer == "holds" for case in verdict.cases) == 4


def test_what_is_not_named_is_for_each_and_the_right_side_follows_the_left(tmp_path: Path) -> None:
    wanted = study(
        ticket("a", 30, 50),
        ticket("b", 50),
        baselines=(DENSE, RANDOM_MASK, RANDOM_INIT),
        transfers=(transfer("imp", 50, "b"),),
        claims=(
            claim(of("imp"), "beats", of("random_mask"), name="mask"),
            claim(of("imp"), "beats", of("random_init"), name="init"),
            claim(of("imp", level=Sparsity.percent(50)), "beats", of("dense"), name="dense"),
            claim(of("random_init", "a"), "is at least", of("random_mask"), name="baselines", targets=("a",)),
        ),
    )
    verdicts = judged(tmp_path, wanted, lambda cell: 0.5)

    assert answers(verdicts["mask"]).keys() == {
        "imp/a@30%/a : random_mask@30%/a",
        "imp/a@50%/a : random_mask@50%/a",
        "imp/a@50%/b : random_mask@50%/b",
        "imp/b@50%/b : random_mask@50%/b",
    }
    assert answers(verdicts["init"]).keys() == {
        "imp/a@30%/a : random_init.imp/a@30%/a",
        "imp/a@50%/a : random_init.imp/a@50%/a",
        "imp/a@50%/b : random_init.imp/a@50%/b",
        "imp/b@50%/b : random_init.imp/b@50%/b",
    }
    assert answers(verdicts["dense"]).keys() == {
        "imp/a@50%/a : dense/a",
        "imp/a@50%/b : dense/b",
        "imp/b@50%/b : dense/b",
    }
    assert answers(verdicts["baselines"]).keys() == {
        "random_init.imp/a@30%/a : random_mask@30%/a",
        "random_init.imp/a@50%/a : random_mask@50%/a",
    }


LATE = Duration(Fraction(1, 20), "training")


def test_a_rewind_that_is_an_axis_has_a_baseline_at_each_of_its_values(tmp_path: Path) -> None:
    """At 0 steps the random mask is one for all tickets; above it, each ticket has its own."""
    axis = [evolve(ticket("a", 50, variant=(("rewind", str(at)),)), rewind=at) for at in (START, LATE)]
    wanted = study(
        *axis,
        baselines=(DENSE, RANDOM_MASK, RANDOM_INIT),
        claims=(
            claim(of("imp"), "beats", of("random_mask"), name="mask"),
            claim(of("imp"), "beats", of("random_init"), name="init"),
            claim(of("random_mask"), "beats", of("imp"), name="turned"),
            claim(of("imp"), "beats", of("dense"), name="dense"),
        ),
    )
    verdicts = judged(tmp_path, wanted, lambda cell: 0.5)

    early, late = "imp[rewind=0 steps]/a@50%/a", "imp[rewind=5% of training]/a@50%/a"
    assert answers(verdicts["mask"]).keys() == {f"{early} : random_mask@50%/a", f"{late} : random_mask.{late}"}
    assert answers(verdicts["init"]).keys() == {f"{each} : random_init.{each}" for each in (early, late)}
    assert answers(verdicts["turned"]).keys() == {f"random_mask@50%/a : {early}", f"random_mask.{late} : {late}"}
    assert answers(verdicts["dense"]).keys() == {f"{each} : dense/a" for each in (early, late)}


def test_two_tickets_of_one_source_have_their_own_baselines(tmp_path: Path) -> None:
    wanted = study(
        ticket("a", 50),
        evolve(ticket("a", 50, name="late"), rewind=LATE),
        baselines=(RANDOM_MASK, RANDOM_INIT),
        claims=(
            claim(of("imp"), "beats", of("random_mask"), name="imp"),
            claim(of("late"), "beats", of("random_mask"), name="late"),
            claim(of("imp"), "beats", of("random_init", "a"), name="named"),
            claim(of("late"), "beats", of("imp"), name="blocks"),
        ),
    )
    verdicts = judged(tmp_path, wanted, lambda cell: 0.5)

    assert answers(verdicts["imp"]).keys() == {"imp/a@50%/a : random_mask@50%/a"}
    assert answers(verdicts["late"]).keys() == {"late/a@50%/a : random_mask.late/a@50%/a"}
    assert answers(verdicts["named"]).keys() == {"imp/a@50%/a : random_init.imp/a@50%/a"}
    assert answers(verdicts["blocks"]).keys() == {"late/a@50%/a : imp/a@50%/a"}


def test_other_targets_leave_out_the_source_and_targets_without_a_ticket(tmp_path: Path) -> None:
    wanted = study(
        ticket("a", 70),
        ticket("b", 70),
        tasks=("a", "b", "c"),
        transfers=(transfer("imp", 70, "a", "b", "c"),),
        claims=(claim(of("imp", "a"), "is at least", of("imp", "target"), other=True),),
    )

    assert answers(judged(tmp_path, wanted, lambda cell: 0.5)["it"]) == {"imp/a@70%/b : imp/b@70%/b": "holds"}


@pytest.mark.parametrize(
    ("quantifier", "scores", "answer"),
    [
        ("every", (1, 1, 1, 1), "holds"),
        ("every", (1, 1, 1, 0), "fails"),
        ("most", (1, 1, 1, 0), "holds"),
        ("most", (1, 1, 0, 0), "fails"),
        ("some", (1, 0, 0, 0), "holds"),
        ("some", (0, 0, 0, 0), "fails"),
        ("every", (1, 1, 1, None), "no result yet"),
        ("every", (0, 1, 1, None), "fails"),
        ("most", (1, 1, 1, None), "holds"),
        ("at least half", (1, 1, 0, 0), "holds"),
        ("at least half", (1, 0, 0, 0), "fails"),
        ("at least half", (1, 1, None, None), "holds"),
        ("at least half", (1, 0, 0, None), "no result yet"),
        ("at least half", (0, 0, 0, None), "fails"),
        ("most", (1, 1, 0, None), "no result yet"),
        ("most", (1, 0, 0, None), "fails"),
        ("some", (1, 0, 0, None), "holds"),
        ("some", (0, 0, 0, None), "no result yet"),
    ],
)
def test_quantifiers_and_what_is_settled_early(
    tmp_path: Path, quantifier: str, scores: tuple[int | None, ...], answer: str
) -> None:
    """`most` is more than half; what no missing run can change is said at once."""
    tasks = ("a", "b", "c", "d")
    said = claim(of("imp", "a", AT_70), "is at least", of("dense"), quantifier=quantifier)
    wanted = study(
        ticket("a", 70), tasks=tasks, baselines=(DENSE,), transfers=(transfer("imp", 70, *tasks),), claims=(said,)
    )

    def score(cell: Cell) -> float | None:
        return 0.5 if cell.arm == "dense" else scores[tasks.index(cell.target)]

    assert judged(tmp_path, wanted, score)["it"].answer == answer


@pytest.mark.parametrize(
    ("quantifier", "winners", "answer"),
    [
        ("most", {"a": "abcd", "b": "a"}, "fails"),  # five of all eight, but one of the four of b
        ("most", {"a": "abcd", "b": "abc"}, "holds"),
        ("some", {"a": "abcd", "b": ""}, "fails"),
        ("some", {"a": "d", "b": "a"}, "holds"),
        ("every", {"a": "abcd", "b": "abc"}, "fails"),
    ],
)
def test_what_is_said_of_targets_is_asked_of_each_ticket_that_is_not_named(
    tmp_path: Path, quantifier: str, winners: dict[str, str], answer: str
) -> None:
    tasks = ("a", "b", "c", "d")
    said = claim(of("imp", None, AT_70), "is at least", of("dense"), quantifier=quantifier)
    wanted = study(
        ticket("a", 70),
        ticket("b", 70),
        tasks=tasks,
        baselines=(DENSE,),
        transfers=(transfer("imp", 70, *tasks),),
        claims=(said,),
    )

    def score(cell: Cell) -> float:
        return 0.5 if cell.ticket is None else float(cell.target in winners[cell.ticket.source_name])

    verdict = judged(tmp_path, wanted, score)["it"]
    assert verdict.answer == answer
    if quantifier != "every":
        assert f"{quantifier} of them for {1 + (answer == 'holds')} of 2 tickets" in verdict.summary


def test_tickets_that_are_tried_on_their_own_sources_are_those_of_the_targets(tmp_path: Path) -> None:
    """`imp beats dense on most targets` is then one count, over the targets; a level is still one of several."""
    tasks = ("a", "b", "c")
    wanted = study(
        *(ticket(name, 50, 70) for name in tasks),
        tasks=tasks,
        baselines=(DENSE,),
        claims=(
            claim(of("imp"), "beats", of("dense"), name="all", quantifier="most"),
            claim(of("imp", None, AT_70), "beats", of("dense"), name="70", quantifier="most"),
            claim(of("imp", "target", Sparsity.percent(50)), "beats", of("dense"), name="50", quantifier="most"),
        ),
    )

    def score(cell: Cell) -> float:
        return 0.5 if cell.ticket is None else float(cell.target in ("ab" if cell.level == AT_70 else "c"))

    verdicts = judged(tmp_path, wanted, score)
    assert {name: verdict.answer for name, verdict in verdicts.items()} == {
        "all": "fails",
        "70": "holds",
        "50": "fails",
    }


@pytest.mark.parametrize(
    ("ahead", "margin", "answer"), [(2.0, 2, "holds"), (1.99, 2, "fails"), (0.0, 0, "fails"), (0.01, 0, "holds")]
)
def test_beating_by_points(tmp_path: Path, ahead: float, margin: int, answer: str) -> None:
    """Points are hundredths of a score; to beat by nothing is still to be better."""
    wanted = study(
        ticket("a", 70),
        baselines=(RANDOM_MASK,),
        claims=(claim(of("imp"), "beats", of("random_mask"), margin=Fraction(margin)),),
    )

    verdict = judged(tmp_path, wanted, lambda cell: 0.83 + ahead / 100 if cell.arm == "imp" else 0.83)["it"]

    assert verdict.answer == answer
    assert verdict.cases[0].difference == pytest.approx(ahead / 100)


@pytest.mark.parametrize(("behind", "answer"), [(-9, "holds"), (0, "holds"), (2.5, "holds"), (2.6, "fails")])
def test_being_within_points_allows_a_drop(tmp_path: Path, behind: float, answer: str) -> None:
    """And no more: the margin itself is within, and being better always is."""
    wanted = study(
        ticket("a", 70),
        baselines=(RANDOM_MASK,),
        claims=(claim(of("imp"), "is within", of("random_mask"), margin=Fraction(5, 2)),),
    )

    verdict = judged(tmp_path, wanted, lambda cell: 0.83 - behind / 100 if cell.arm == "imp" else 0.83)["it"]

    assert verdict.answer == answer
    assert verdict.cases[0].tolerance == 0.025


@pytest.mark.parametrize("relation", ["is at least", "is within", "beats", "matches"])
def test_one_seed_is_not_enough(tmp_path: Path, relation: str) -> None:
    wanted = study(
        ticket("a", 70),
        seeds=1,
        baselines=(DENSE,),
        match=rule("larger"),
        claims=(claim(of("imp"), relation, of("dense")),),
    )

    verdict = judged(tmp_path, wanted, lambda cell: 0.9 if cell.arm == "imp" else 0.1)["it"]

    assert verdict.answer == "not enough runs"
    assert verdict.summary == "a verdict needs at least 2 seeds"
    assert verdict.cases[0].difference == pytest.approx(0.8)  # the evidence is shown all the same


def test_a_half_finished_study_has_no_result_yet(tmp_path: Path) -> None:
    wanted = study(ticket("a", 70), baselines=(DENSE,), claims=(claim(of("imp"), "is at least", of("dense")),))

    verdict = judged(tmp_path, wanted, lambda cell: None if cell.seeds.head == 2 else 0.5)["it"]

    assert verdict.answer == "no result yet"
    assert verdict.summary == "0 of 1 cases hold, 1 has no result yet"


def test_being_better_matches() -> None:
    """A matching subnetwork is no worse than the full one (Chen et al. 2020, section 3)."""
    dense = Average(mean=0.80, sd=0.01, n=3, asked=3)

    assert matches(rule("dense"), Average(mean=0.95, sd=0.0, n=3, asked=3), dense)
    assert matches(rule("dense"), Average(mean=0.79, sd=0.0, n=3, asked=3), dense)
    assert not matches(rule("dense"), Average(mean=0.789, sd=0.5, n=3, asked=3), dense)
    assert matches(rule("ticket"), Average(mean=0.789, sd=0.5, n=3, asked=3), dense)
    assert matches(rule("pooled"), Average(mean=0.789, sd=0.015, n=3, asked=3), dense)
    assert not matches(rule("pooled"), Average(mean=0.787, sd=0.015, n=3, asked=3), dense)
    assert matches(rule(None, 2, "points"), Average(mean=0.78, sd=None, n=3, asked=3), dense)
    assert matches(rule("larger"), Average(mean=0.80, sd=None, n=1, asked=1), dense) is None


def test_a_claim_of_matching_without_a_rule_is_refused(tmp_path: Path) -> None:
    wanted = study(ticket("a", 70), baselines=(DENSE,), claims=(claim(of("imp"), "matches", of("dense")),))

    with pytest.raises(ValueError, match="the claim `it` needs a match rule"):
        judged(tmp_path, wanted, lambda cell: 0.5)
