"""What of a study is otherwise than in the paper; and the parts of a text that a page colours."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imports import ROOT
from papers_numbers import BASELINES, MATRIX, SPARSITIES, TABLE_2, TABLE_4, TASKS

from ticketlang.differences import Difference
from ticketlang.highlighting import highlighted
from ticketlang.paper import beside_the_paper
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import PublishedLevel, Study

SPECS = sorted(spec for folder in ("specs", "examples") for spec in (ROOT / folder).rglob("*.ticket"))


def of(path: Path) -> Study:
    study = check(Source(str(path), path.read_text(encoding="utf-8"), path)).study
    assert study is not None
    return study


def test_the_study_of_the_paper_is_that_of_the_paper() -> None:
    assert beside_the_paper(of(ROOT / "specs" / "universal.ticket")) == ()


def test_the_released_code_differs_where_the_library_says_so() -> None:
    found = beside_the_paper(of(ROOT / "specs" / "released.ticket"))

    assert Difference("task squad", "train", "2 epochs", "4 epochs") in found
    assert Difference("ticket imp", "head in search", "rewound", "carried") in found
    assert {difference.place for difference in found} <= {"task mnli", "task squad", "ticket imp", "ticket imp_mlm"}


def published(name: str, where: str) -> dict[tuple[str, str | None, str, int | None], tuple[float, float | None]]:
    """Of a study, by arm, source, target and percent: scores or gaps with their deviation, or levels."""
    (block,) = (block for block in of(ROOT / "specs" / f"{name}.ticket").published if block.where == where)
    found = {}
    for number in block.numbers:
        arm, level = number.arm, number.arm.level
        at = None if level is None else int(100 * level.fraction)
        if isinstance(number, PublishedLevel):
            values: tuple[float, float | None] = (float(100 * number.level.fraction), None)
        else:
            points = number.points if number.gap is None else number.gap
            values = (float(points), None if number.sd is None else float(number.sd))
        found[arm.arm, arm.source, number.target, at] = values
    return found


def test_what_is_published_is_what_the_paper_has() -> None:
    """Every digit, against tables that were copied apart from the specs; and nothing that is not in those tables."""
    winning = {
        (f"imp_{SPARSITIES[task]}", None, task, SPARSITIES[task]): ticket for task, (_, ticket) in TABLE_2.items()
    }
    dense = {("dense", None, task, None): score for task, (score, _) in TABLE_2.items()}
    below = {
        (arm, None, task, SPARSITIES[task]): (score, None)
        for arm, scores in BASELINES.items()
        for task, score in zip(TASKS, scores, strict=True)
    }
    matrix: dict[tuple[str, str | None, str, int | None], tuple[float, float | None]] = {
        ("direct" if source == "none" else "imp", source, target, 70): (gap, None)
        for source, (gaps, _) in MATRIX.items()
        for target, gap in zip(TASKS, gaps, strict=True)
    }
    assert published("matching", "Chen et al. 2020, Table 2") == dense | winning | below
    assert published("transfer", "Chen et al. 2020, transfer matrix") == matrix
    for name, table, levels in (("curves", "Table 2", SPARSITIES), ("strict", "Table 4", TABLE_4)):
        found = published(name, f"Chen et al. 2020, {table}")
        assert found == {("imp", None, task, None): (level, None) for task, level in levels.items()}


def test_nothing_is_published_elsewhere() -> None:
    """What the paper only says in words, or in figures that cannot be read to the digit, is no number of ours."""
    blocks = {spec.stem: [block.where for block in of(spec).published] for spec in SPECS if "study" in spec.read_text()}
    assert {name: where for name, where in blocks.items() if where} == {
        "matching": ["Chen et al. 2020, Table 2"],
        "curves": ["Chen et al. 2020, Table 2"],
        "strict": ["Chen et al. 2020, Table 4"],
        "transfer": ["Chen et al. 2020, transfer matrix"],
        "training_size": ["Chen et al. 2020, transfer matrix"],
    }


def test_a_column_called_label_is_said_whole() -> None:
    """Names of fields are no part of what is said in them."""
    found = beside_the_paper(of(ROOT / "examples" / "minilm.ticket"))

    assert Difference("task sst2", "label", "label, classes 2", "label") in found


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_coloured_text_is_the_text(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")

    lines = ["".join(piece for _, piece in line) for line in highlighted(text)]
    assert "\n".join(lines) + "\n" == text


@given(st.text(max_size=200))
def test_any_text_can_be_coloured(text: str) -> None:
    lines = ["".join(piece for _, piece in line) for line in highlighted(text)]
    assert "\n".join(lines) == text.removesuffix("\n")


def test_fields_comments_and_numbers_are_told_apart() -> None:
    (line, second) = highlighted("seeds 1,  # some\n  2\n")

    assert line == (
        ("field", "seeds"),
        ("space", " "),
        ("number", "1"),
        ("sign", ","),
        ("space", "  "),
        ("comment", "# some"),
    )
    assert second == (("space", "  "), ("number", "2"))
