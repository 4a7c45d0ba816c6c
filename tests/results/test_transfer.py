"""A transfer matrix says the same in every medium: one rule counts and colours, and each of them names it."""

import re
from pathlib import Path

import pytest
from attrs import evolve
from handmade import fill, plan, shown
from reported import score, wanted
from rich.console import Console

from runtime.reports import Evidence, Report, whole_report
from runtime.reports.blocks import Table
from runtime.reports.drawings import Rules
from runtime.reports.writers.html import html_page
from runtime.reports.writers.latex import latex_files
from runtime.reports.writers.markdown import markdown_report
from runtime.reports.writers.terminal import terminal_report
from runtime.store import Store
from ticketlang.plan import Cell
from ticketlang.study import Study

OWN = "at least the target's own ticket"


def graded(cell: Cell) -> float:
    """The ticket of b is better than that of a, and both are far below dense."""
    is_b = cell.ticket is not None and cell.ticket.source == ("b",)
    return score(cell) - (0.0 if cell.ticket is None else 0.05 if is_b else 0.08)


def found(folder: Path, of: Study) -> tuple[Report, Table]:
    store, laid_out = Store.open(folder / "store"), plan(of)
    fill(store, laid_out, graded)
    whole = whole_report(Evidence.of(laid_out, store))
    (section,) = (section for section in whole.sections if section.title == "Transfer")
    return whole, next(block for block in section.blocks if isinstance(block, Table))


def counts(table: Table) -> list[str]:
    return [row[-1].text for row in table.rows]


def test_every_medium_counts_by_the_same_rule(tmp_path: Path) -> None:
    """The paper's rule for transfers, and not the match rule of the study, by which nothing here would match."""
    whole, table = found(tmp_path, wanted())
    assert counts(table) == ["0 of 1", "1 of 1"]

    text = " ".join(shown(*terminal_report(whole), width=200).split())
    assert f"count: other targets that match by this rule: {OWN}" in text
    page = html_page(whole)
    assert re.findall(r'data-counts="[^"]*">([^<]+)<', page)[:2] == counts(table)
    assert re.findall(r'data-by-rule="[^"]*">([^<]+)<', page)[1] == OWN.replace("'", "&#39;")
    latex = next(c.decode() for path, c in latex_files(whole).items() if path.startswith("tables/transfer"))
    assert [row.split("&")[-1].strip(" \\\n") for row in latex.splitlines() if row.endswith("\\\\")][1:] == counts(
        table
    )
    assert "| a | \N{MINUS SIGN}" in markdown_report(whole)


def test_without_tickets_of_targets_the_rule_of_the_study_counts(tmp_path: Path) -> None:
    base = evolve(wanted(), claims=(), published=())
    only_b = evolve(base, tickets=tuple(t for t in base.tickets if t.source == ("b",)))
    _, table = found(tmp_path, only_b)

    assert isinstance(table.drawing, Rules)
    assert table.drawing.shown == table.drawing.in_force
    assert "count: other targets that match by this rule: within 1 sd of dense using larger sd" in table.notes
    assert counts(table) == ["0 of 1"]


def test_tables_and_figures_of_papers_say_what_their_colours_mean(tmp_path: Path) -> None:
    """Both stand alone: which rule, what each colour is, and what the gaps are."""
    whole, _ = found(tmp_path, wanted())
    files = {path: content.decode() for path, content in latex_files(whole).items() if path.endswith(".tex")}
    table = next(content for path, content in files.items() if path.startswith("tables/transfer"))
    figure = next(content for path, content in files.items() if path.startswith("figures/transfer"))

    used = set(re.findall(r"\\cellcolor\{(ticket..)\}", table))
    assert len(used) > 1
    assert used == set(re.findall(r"\\colorbox\{(ticket..)\}", table))
    rule = OWN.replace("'", r"\textquotesingle{}")
    assert all(rule in each and "ap to dense, in points" in each for each in (table, figure))


@pytest.mark.parametrize("is_coloured", [True, False])
def test_colours_are_told_where_there_are_some(tmp_path: Path, is_coloured: bool) -> None:
    whole, _ = found(tmp_path, wanted())
    console = Console(width=120, force_terminal=is_coloured, color_system="standard" if is_coloured else None)
    with console.capture() as captured:
        for part in terminal_report(whole):
            console.print(part)

    assert ("green: those that are counted" in captured.get()) is is_coloured
