"""A table that is too wide: what gives way first, and that no name or number is broken in two."""

import pytest
from handmade import shown

from runtime.reports.blocks import Column, Entry, Report, Section, Table
from runtime.reports.writers.narrowing import broken, parts, pieces
from runtime.reports.writers.terminal import terminal_report

LONG = "random_init.imp[rewind=5% of training]/acceptability@80%/entailment"


def table(*names: str) -> Table:
    """A table of cases, wide enough for no terminal of 80 columns."""
    columns = (
        Column("case", is_number=False),
        Column("score"),
        Column("against", is_number=False, under="case"),
        Column("score", under="score"),
        Column("95% interval", is_extra=True),
        Column("runs"),
    )
    rest = ("97.17 ± 0.65", "imp/acceptability@80%", "96.90 ± 0.61", "-1.00 to +1.00", "3")
    return Table(title="Cases", columns=columns, rows=tuple(tuple(map(Entry, (name, *rest))) for name in names))


def lines(of: Table, width: int) -> list[str]:
    report = Report(study="s", question=None, sections=(Section(title="Verdicts", blocks=(of,)),))
    return shown(*terminal_report(report), width=width).splitlines()[2:]


def test_where_there_is_room_each_row_is_a_line() -> None:
    assert lines(table("imp/mlm@80%/entailment"), 120)[1:3] == [
        "case                           score  against                       score    95% interval  runs",
        "imp/mlm@80%/entailment  97.17 ± 0.65  imp/acceptability@80%  96.90 ± 0.61  -1.00 to +1.00     3",
    ]


def test_what_may_be_left_out_goes_first_and_then_one_side_stands_below_the_other() -> None:
    assert lines(table("imp/mlm@80%/entailment"), 85)[1:3] == [
        "case                           score  against                       score  runs",
        "imp/mlm@80%/entailment  97.17 ± 0.65  imp/acceptability@80%  96.90 ± 0.61     3",
    ]
    assert lines(table("imp/mlm@80%/entailment"), 78)[1:4] == [
        "case                                    score    95% interval  runs",
        "imp/mlm@80%/entailment           97.17 ± 0.65  -1.00 to +1.00     3",
        "  against imp/acceptability@80%  96.90 ± 0.61",
    ]


@pytest.mark.parametrize("width", [60, 80])
def test_names_are_broken_between_their_parts_alone(width: int) -> None:
    said = lines(table(LONG, "dense/entailment"), width)

    assert max(map(len, said)) <= width
    text = "\n".join(said)
    assert all(piece.strip() in text for piece in pieces(LONG))
    assert text.count("97.17 ± 0.65") == text.count("96.90 ± 0.61") == 2


def test_a_name_is_broken_after_its_slashes_and_before_its_level() -> None:
    assert broken("imp/mlm@70%/qnli", 30) == "imp/mlm@70%/qnli"
    assert broken("imp/mlm@70%/qnli", 12) == "imp/mlm@70%/\n  qnli"
    assert broken("imp/mlm@70%/qnli", 4) == "imp/\n  mlm\n  @70%/\n  qnli"
    assert broken("sparsity 0.5", 30) == "sparsity 0.5"


def test_on_a_page_words_of_a_name_come_apart_too() -> None:
    assert parts("random_init.imp/mlm@70%") == ["random_", "init.", "imp/", "mlm", "@70%"]
    assert "".join(parts(LONG)) == LONG
