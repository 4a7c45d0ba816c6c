"""Whole reports, as people see them at two widths. `make goldens` writes them anew."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from handmade import (
    AT,
    DENSE,
    RANDOM_INIT,
    RANDOM_MASK,
    claim,
    fill,
    plan,
    publish,
    rule,
    same_as_golden,
    shown,
    study,
    ticket,
    transfer,
)

from runtime.masks import MASK_FILE, write_mask
from runtime.reports import Evidence, Report, report
from runtime.reports.blocks import Column, Entry, Section, Table
from runtime.reports.packed import pack
from runtime.reports.sections import SECTIONS, section_named
from runtime.reports.sections.layer_sparsity import _kind, _layer
from runtime.reports.sections.mask_overlap import overlap
from runtime.reports.writers.terminal import terminal_report
from runtime.store import Certificate, Outcome, Store
from ticketlang.plan import Cell
from ticketlang.study import Arm, ArmPattern, Published, PublishedLevel, PublishedScore
from ticketlang.units import Duration, Sparsity

GOLDENS = Path(__file__).parent / "goldens"
AT_70 = Sparsity.percent(70)
BASE = {"dense": 0.85, "imp": 0.84, "random_mask": 0.72, "random_init": 0.61}

WANTED = study(
    ticket("a", 30, 70),
    ticket("b", 30, 70),
    ticket("mlm", 70),
    tasks=("a", "b", "mlm"),
    baselines=(DENSE, RANDOM_MASK, RANDOM_INIT),
    transfers=(transfer("imp", 70, "a", "b", "mlm"),),
    match=rule("larger"),
    question="Are tickets universal?",
    report=("transfer_matrix", "sparsity_curves", "mask_overlap", "layer_sparsity"),
    claims=(
        claim(
            ArmPattern(arm="imp", source="mlm", level=AT_70),
            "is at least",
            ArmPattern(arm="imp", source="target", level=AT_70),
            name="universal",
            other=True,
        ),
        claim(
            ArmPattern(arm="imp", level=AT_70),
            "beats",
            ArmPattern(arm="random_mask"),
            name="the_mask_matters",
            margin=Fraction(2),
            quantifier="most",
            targets=("a",),
        ),
        claim(ArmPattern(arm="imp", source="mlm"), "matches", ArmPattern(arm="dense"), name="winning"),
    ),
)


def score(cell: Cell) -> float | None:
    """Falls with sparsity; the ticket of mlm is the best one; one arm is not done yet."""
    if cell.arm == "random_init" and cell.target == "b":
        return None if cell.seeds.head == 2 else 0.6
    level = float(cell.level.fraction) if cell.level else 0.0
    is_mlm = cell.ticket is not None and cell.ticket.source == ("mlm",)
    spread = cell.seeds.head * (0.004 if cell.arm == "dense" else 0.006)
    return BASE[cell.arm] - 0.05 * level**2 + (0.02 if is_mlm else 0.0) + spread


@pytest.fixture
def half_done(tmp_path: Path) -> Report:
    """The report of a study with some results missing, a collapsed matrix, and one run on another device."""
    store, laid_out = Store.open(tmp_path / "store"), plan(WANTED)
    fill(store, laid_out, score)
    (mask,) = (key for key, label in laid_out.masks.items() if label == "imp/b@70%/seed=1")
    matrices = {"encoder.layer.0.attention.self.query.weight": [8, 20], "pooler.dense.weight": [20, 20]}
    spoilt = {"removed": 28, "total": 40, "collapsed": ["pooler.dense.weight"], "matrices": matrices}
    publish(store, laid_out.jobs[mask], Outcome(spoilt, Certificate()))
    (cell,) = (key for cell, key in laid_out.cells.items() if cell.id == "dense/mlm/seed=1")
    elsewhere = Outcome({"scores": {"accuracy": 0.854}, "metric": "accuracy"}, Certificate())
    publish(store, laid_out.jobs[cell], elsewhere, device="H200")
    return report(Evidence.of(laid_out, store))


@pytest.mark.parametrize("width", [80, 120])
def test_the_whole_report(half_done: Report, width: int) -> None:
    text = shown(*terminal_report(half_done), width=width)

    assert max(map(len, text.splitlines())) <= width
    assert same_as_golden(GOLDENS / f"report-{width}.txt", text)


def test_a_study_without_results_has_a_report(tmp_path: Path) -> None:
    text = shown(*terminal_report(report(Evidence.of(plan(WANTED), Store.open(tmp_path / "store")))), width=80)

    assert same_as_golden(GOLDENS / "nothing-done-80.txt", text)


@pytest.mark.parametrize(("missing", "said"), [(1, "1 of 60 scores is"), (2, "2 of 60 scores are")])
def test_one_is_spoken_of_as_one(tmp_path: Path, missing: int, said: str) -> None:
    store, laid_out = Store.open(tmp_path / "store"), plan(WANTED)
    left = [cell for cell in laid_out.cells if cell.arm == "random_init"][:missing]
    fill(store, laid_out, lambda cell: None if cell in left else 0.5)
    text = shown(*terminal_report(report(Evidence.of(laid_out, store))), width=200)

    assert f" {said} still missing." in text


def test_rounding_is_told_below_the_scores(tmp_path: Path) -> None:
    """Shares by the sizes of matrices are rounded in each: six weights are no other level, but worth a word."""
    wanted = study(ticket("a", 50), seeds=2, baselines=(DENSE,))
    store, laid_out = Store.open(tmp_path / "store"), plan(wanted)
    fill(store, laid_out, score)
    (first, second) = laid_out.masks
    for key, removed in ((first, 49_994), (second, 50_000)):
        found = {"removed": removed, "total": 100_000, "sparsity": removed / 100_000, "collapsed": [], "matrices": {}}
        publish(store, laid_out.jobs[key], Outcome(found, Certificate()))
    text = shown(*terminal_report(report(Evidence.of(laid_out, store))), width=120)
    assert "  rounded in each matrix, masks miss their level by up to 6 weights: imp/a at 50%\n" in text


def test_an_arm_that_differs_in_more_than_one_thing_is_warned_of(tmp_path: Path) -> None:
    late = evolve(ticket("a", 30), rewind=Duration(Fraction(5, 100), "training"))
    other = Arm(name="other", mask="none", weights="random all", at=AT)
    laid_out, store = plan(study(late, baselines=(DENSE, other, RANDOM_INIT))), Store.open(tmp_path / "store")
    fill(store, laid_out, lambda cell: 0.5)
    text = shown(*terminal_report(report(Evidence.of(laid_out, store))), width=120)

    assert (
        "Baselines differ from the tickets beside them: dense in the weights, the mask, the head, the point where"
        " training sets in; other in the weights, the mask; random_init in the weights."
    ) in " ".join(text.split())
    assert "\nwarning: dense differs in more than one thing: no gap can be laid to one\n" in text
    assert "\nwarning: other differs in more than one thing: no gap can be laid to one\n" in text
    assert "warning: random_init" not in text


def test_one_run_is_not_enough_to_count_by(tmp_path: Path) -> None:
    """Whether a ticket reaches another is a verdict, in a matrix, too."""
    wanted = evolve(WANTED, seeds=WANTED.seeds[:1], claims=(), report=("transfer_matrix",))
    store, laid_out = Store.open(tmp_path / "store"), plan(wanted)
    fill(store, laid_out, score)
    text = shown(*terminal_report(report(Evidence.of(laid_out, store))), width=120)

    rows = [line.split() for line in text[text.index("source (row)") :].splitlines()[2:5]]
    assert [row[0] for row in rows] == ["a", "b", "mlm"]
    assert all(row[4:] == ["\N{EN DASH}"] for row in rows)  # three gaps, and no count


def test_every_row_of_the_vocabulary_has_its_section() -> None:
    from ticketlang.vocabulary.sections import SECTIONS as KNOWN

    asked_for = {name for name, section in KNOWN.items() if section.runs}
    assert asked_for == set(SECTIONS) - {"scores", "published", "verdicts"}
    for name in SECTIONS:
        assert callable(section_named(name))


def published(*numbers: PublishedScore | PublishedLevel, where: str = "A. Author 2020, Table 2") -> Published:
    return Published(where=where, numbers=numbers, at=AT)


def found_by_others(
    points: str, arm: str, target: str, level: int | None = None, source: str | None = None, **more: object
) -> PublishedScore:
    pattern = ArmPattern(arm=arm, source=source, level=None if level is None else Sparsity.percent(level))
    return PublishedScore(arm=pattern, target=target, points=Fraction(points), at=AT, **more)  # type: ignore[arg-type]


PUBLISHED = published(
    found_by_others("85.4", "dense", "a", sd=Fraction("0.5")),
    found_by_others("82", "imp", "a", 70, sd=Fraction(3)),
    found_by_others("82.5", "imp", "b", 70, "mlm"),
    found_by_others("70.5", "random_mask", "a", 70, "target"),
    found_by_others("60", "random_init", "b", 70),
    found_by_others("82", "imp", "a", 50),
    found_by_others("1.15", "imp", "a", 70, "mlm", below_dense=True),
    found_by_others("1.1", "imp", "b", 70, "mlm", below_dense=False, sd=Fraction("0.1")),
)


@pytest.mark.parametrize("width", [80, 120])
def test_published_numbers_stand_beside_what_was_found(tmp_path: Path, width: int) -> None:
    """In the digits they were published in; what has no cell is counted, and what has no result yet is a dash."""
    store, laid_out = Store.open(tmp_path / "store"), plan(evolve(WANTED, published=(PUBLISHED,), claims=(), report=()))
    fill(store, laid_out, lambda cell: None if cell.arm == "random_init" else score(cell))
    found = report(Evidence.of(laid_out, store))
    (section,) = (section for section in found.sections if section.title == "Beside published numbers")
    text = shown(*terminal_report(evolve(found, sections=(section,))), width=width)

    assert same_as_golden(GOLDENS / f"published-{width}.txt", text)


def test_what_is_a_matrix_there_is_a_matrix_here(tmp_path: Path) -> None:
    """Several sources on several targets: found here, and in brackets what was published."""
    gaps = published(
        *(
            found_by_others(f"{i}.5", "imp", target, 70, source, below_dense=source != "mlm")
            for i, (source, target) in enumerate([("a", "a"), ("a", "b"), ("mlm", "a"), ("mlm", "b"), ("b", "mlm")])
        ),
        where="A. Author 2020, Figure 2",
    )
    store, laid_out = Store.open(tmp_path / "store"), plan(evolve(WANTED, published=(gaps,), claims=(), report=()))
    fill(store, laid_out, lambda cell: None if cell.target == "mlm" else score(cell))
    found = report(Evidence.of(laid_out, store))
    (section,) = (section for section in found.sections if section.title == "Beside published numbers")

    text = shown(*terminal_report(evolve(found, sections=(section,))), width=80)

    assert same_as_golden(GOLDENS / "published-matrix-80.txt", text)


def test_published_numbers_change_no_key_and_no_verdict(tmp_path: Path) -> None:
    store, without, with_ = Store.open(tmp_path), plan(WANTED), plan(evolve(WANTED, published=(PUBLISHED,)))
    fill(store, without, score)

    assert with_.jobs == without.jobs
    assert report(Evidence.of(with_, store)).sections[-1] == report(Evidence.of(without, store)).sections[-1]


def test_names_cannot_write_to_the_terminal() -> None:
    evil = "imp\x1b[2J\x07\u202e"
    table = Table(title=evil, columns=(Column(evil), Column(evil)), rows=((Entry(evil), Entry(evil)),), notes=(evil,))
    text = shown(
        *terminal_report(Report(study="s", question=None, sections=(Section(title=evil, blocks=(table,)),))), width=80
    )

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert r"imp\x1b[2J\x07\u202e" in text


def test_a_wide_table_goes_on_below_with_its_first_column() -> None:
    columns = (Column("source", is_number=False), *(Column(f"target{i}") for i in range(12)))
    rows = tuple((Entry(f"s{row}"), *(Entry(f"{row}.{i:02}") for i in range(12))) for row in range(2))
    table = Table(title="", columns=columns, rows=rows)
    text = shown(
        *terminal_report(Report(study="s", question=None, sections=(Section(title="", blocks=(table,)),))), width=50
    )

    lines = [line.split() for line in text.splitlines() if line]
    heads = [line for line in lines if line[0] == "source"]
    assert len(heads) > 1
    assert [name for head in heads for name in head[1:]] == [f"target{i}" for i in range(12)]
    assert [value for line in lines if line[0] == "s1" for value in line[1:]] == [f"1.{i:02}" for i in range(12)]


def test_overlap_against_sets() -> None:
    """The packed counts are those of plain sets of weights; 37 is no multiple of eight."""
    chance = np.random.default_rng(0)
    one = {"m": chance.random(37) < 0.5, "n": chance.random((4, 9)) < 0.2}
    other = {"m": chance.random(37) < 0.4, "n": chance.random((4, 9)) < 0.7}

    found = overlap(pack(one), pack(other))

    kept = [{(name, i) for name, bits in mask.items() for i in np.flatnonzero(bits)} for mask in (one, other)]
    assert found.found == len(kept[0] & kept[1]) / len(kept[0] | kept[1])


def test_the_chance_of_an_overlap_is_what_independent_masks_have() -> None:
    chance = np.random.default_rng(1)
    shares = (0.3, 0.6)
    one, other = ({"m": chance.random(200_000) < s, "n": chance.random(100_000) < s / 3} for s in shares)

    found = overlap(pack(one), pack(other))

    assert found.chance_by_matrix == pytest.approx(found.found, abs=0.005)  # independent within each matrix
    p, q = ((2 * s + s / 3) / 3 for s in shares)
    assert found.chance == pytest.approx(p * q / (p + q - p * q), abs=0.005)
    assert found.chance < found.found  # the layers' shares alone make them alike


def test_masks_that_are_alike_and_apart() -> None:
    half = {"m": np.arange(16) < 8}
    rest = {"m": np.arange(16) >= 8}

    assert overlap(pack(half), pack(half)).found == 1.0
    assert overlap(pack(half), pack(rest)).found == 0.0
    assert overlap(pack(half), pack(rest)).chance == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("name", "layer", "kind"),
    [
        ("encoder.layer.11.attention.self.query.weight", "11", "query"),
        ("encoder.layer.0.attention.output.dense.weight", "0", "attention output"),
        ("encoder.layer.0.intermediate.dense.weight", "0", "intermediate"),
        ("encoder.layer.0.output.dense.weight", "0", "output"),
        ("pooler.dense.weight", "", "pooler"),
        ("transformer.layer.5.attention.out_lin.weight", "5", "attention output"),
        ("transformer.layer.5.ffn.lin1.weight", "5", "intermediate"),
        ("encoder.albert_layer_groups.0.albert_layers.1.ffn_output.weight", "0.1", "output"),
    ],
)
def test_matrices_are_called_as_people_call_them(name: str, layer: str, kind: str) -> None:
    assert (_layer(name), _kind(name)) == (layer, kind)


def test_masks_are_read_from_their_files(tmp_path: Path) -> None:
    """The overlap in a report is that of the stored masks."""
    store = Store.open(tmp_path / "store")
    laid_out = plan(study(ticket("a", 50), ticket("b", 50), seeds=1, report=("mask_overlap",)))
    for (key, label), kept in zip(laid_out.masks.items(), (np.arange(20) < 10, np.arange(20) < 5), strict=True):
        assert label.startswith("imp/")
        staged = store.stage(key)
        write_mask(staged / MASK_FILE, {"m": kept.reshape(4, 5)})
        provenance = publish(Store.open(tmp_path / "other"), laid_out.jobs[key]).provenance
        store.publish(
            laid_out.jobs[key],
            staged,
            Outcome({"removed": 10, "total": 20, "collapsed": []}, Certificate()),
            provenance,
        )

    text = shown(*terminal_report(report(Evidence.of(laid_out, store))), width=80)

    (line,) = (line for line in text.splitlines() if line.startswith("imp/a and imp/b"))
    assert line.split()[3:] == ["50.00", "20.00", "20.00", "2.50\N{MULTIPLICATION SIGN}", "1"]


def test_a_mask_that_all_seeds_share_is_compared_with_that_of_each(tmp_path: Path) -> None:
    """Direct pruning draws nothing: its one mask meets the three that were found from three seeds."""
    store = Store.open(tmp_path / "store")
    direct = ticket(None, 50, name="direct")
    laid_out = plan(study(ticket("a", 50), direct, seeds=3, transfers=(transfer("direct", 50, "a"),)))
    fill(store, laid_out, lambda cell: 0.5)

    (table,) = section_named("mask_overlap")(Evidence.of(laid_out, store)).blocks

    assert isinstance(table, Table)
    assert [(row[0].text, row[-1].text) for row in table.rows] == [("imp/a and direct/none", "3")]


def test_tickets_of_one_level_each_stand_in_the_matrix_of_that_level(tmp_path: Path) -> None:
    """Pruned in one shot, each level is a ticket of its own."""
    store = Store.open(tmp_path / "store")
    found = [ticket(source, percent) for source in ("a", "b") for percent in (50, 70)]
    laid_out = plan(study(*found, transfers=(transfer("imp", 50, "a", "b"), transfer("imp", 70, "a", "b"))))
    fill(store, laid_out, lambda cell: 0.8 - 0.1 * (cell.ticket is not None and cell.ticket.source != (cell.target,)))

    tables = section_named("transfer_matrix")(Evidence.of(laid_out, store)).blocks

    shown_rows = [[entry.text for entry in row] for table in tables if isinstance(table, Table) for row in table.rows]
    assert shown_rows == [["a", "80.00", "70.00", "0 of 1"], ["b", "70.00", "80.00", "0 of 1"]] * 2


def test_transfer_is_set_against_the_size_of_the_sources(tmp_path: Path) -> None:
    """The examples are those that the pruned training counted; its own target does not count; ranks are compared."""
    names = ("a", "b", "c")
    sizes, scores = {"a": 300, "b": 20, "c": 5000}, {"a": 0.7, "b": 0.5, "c": 0.8}
    wanted = study(
        *(ticket(name, 70) for name in names),
        tasks=names,
        baselines=(DENSE,),
        transfers=(transfer("imp", 70, *names),),
        report=("training_size",),
    )
    laid, store = plan(wanted), Store.open(tmp_path)
    searched = {source: next(job for job in laid.jobs.values() if f"imp/{source} round 1/seed=1" in job.labels)
                for source in names}  # fmt: skip
    for source, job in searched.items():
        result = {"scores": {"accuracy": 0.9}, "metric": "accuracy", "examples": sizes[source]}
        publish(store, job, Outcome(result, Certificate()))
    fill(store, laid, lambda cell: 0.9 if cell.ticket is None else scores[cell.ticket.source_name])
    (table,) = section_named("training_size")(Evidence.of(plan(wanted, store.known), store)).blocks
    assert isinstance(table, Table)
    assert [[entry.text for entry in row] for row in table.rows] == [
        ["b", "20", "\N{MINUS SIGN}40.00", "2 of 2"],
        ["a", "300", "\N{MINUS SIGN}20.00", "2 of 2"],
        ["c", "5,000", "\N{MINUS SIGN}10.00", "2 of 2"],
    ]
    assert table.notes[0].endswith("rank correlation with the examples of 3 sources: +1.00 (Spearman)")


def test_a_mask_of_another_sparsity_than_its_level_is_marked_and_counted(tmp_path: Path) -> None:
    """The inverse of a ticket of 70% removes 30%: beside its level, and below the table."""
    store = Store.open(tmp_path)
    inverse = Arm(name="inverse", mask="inverted", weights="ticket", at=AT)
    of = study(ticket("a", 70), tasks=("a",), baselines=(DENSE, inverse))
    fill(store, plan(of), lambda cell: BASE.get(cell.arm, 0.5))

    scores = next(s for s in report(Evidence.of(plan(of), store)).sections if s.title == "Scores")
    table = next(block for block in scores.blocks if isinstance(block, Table))

    levels = {row[0].text: (row[1].text, row[2].mark) for row in table.rows}
    assert levels == {"dense": ("", ""), "imp/a": ("70%", ""), "inverse.imp/a": ("70% (30.0%)", "§")}
    assert "§ its mask removes another share: inverse.imp/a at 70%: 30.0%" in table.notes
