"""The page that is served while a study runs: made when it is asked for, and how far the study is first."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from handmade import fill, plan
from reported import score, wanted

from runtime.reports import Evidence, unfinished
from runtime.reports.blocks import Prose, Table
from runtime.reports.writers import content_for
from runtime.serving import served
from runtime.store import Store


def test_a_page_is_made_when_it_is_asked_for_and_old_enough() -> None:
    pages: Iterator[bytes] = iter((b"first", b"second"))
    with served(lambda: next(pages), 0, every=3600.0) as address:
        assert [urlopen(address).read() for _ in range(3)] == [b"first"] * 3
    pages = iter((b"first", b"second"))
    with served(lambda: next(pages), 0, every=0.0) as address:
        assert [urlopen(address).read() for _ in range(2)] == [b"first", b"second"]


def test_a_study_that_runs_says_first_how_far_it_is(tmp_path: Path) -> None:
    store, laid_out = Store.open(tmp_path / "store"), plan(wanted())
    fill(store, laid_out, lambda cell: score(cell) if cell.target == "a" else None)
    left = list(laid_out.jobs)[-2:]
    found = unfinished(laid_out, {left[0]}, {left[1]: "no room"}, Evidence.of(laid_out, store))

    first = found.sections[0]
    assert first.title == "How far it is"
    said = [block for block in first.blocks if isinstance(block, Prose)]
    assert said[0].text == f"0 of {len(laid_out.jobs)} jobs are done, 1 is running, 1 failed."
    assert said[1].text == f"Being done: {laid_out.jobs[left[0]].labels[0]}."
    assert said[2].is_warning
    assert said[2].text.endswith(": no room")
    (table,) = (block for block in first.blocks if isinstance(block, Table))
    assert [entry.text for entry in table.rows[-1]] == ["all", "\N{MIDDLE DOT}", "1", "1", str(len(laid_out.jobs) - 2)]


def test_before_the_first_run_there_is_a_page_too() -> None:
    laid_out = plan(wanted())
    page = content_for(".html", unfinished(laid_out, (), {}, None)).decode()
    assert f"0 of {len(laid_out.jobs)} jobs are done" in page
