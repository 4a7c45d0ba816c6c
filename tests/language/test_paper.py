"""What of a study is otherwise than in the paper; and the parts of a text that a page colours."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imports import ROOT

from ticketlang.differences import Difference
from ticketlang.highlighting import highlighted
from ticketlang.paper import beside_the_paper
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study

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
