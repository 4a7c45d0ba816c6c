"""The page of a report: what it holds, and what a browser makes of it."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import pytest
from attrs import evolve, field, frozen
from browser import Page, browsing, chromium
from handmade import fill, plan
from reported import EVIL, score, wanted, write

from runtime.reports import Evidence, whole_report
from runtime.reports.blocks import Table
from runtime.reports.drawings import Rules
from runtime.reports.writers.html import html_page
from runtime.serving import served
from runtime.store import Store

VOID = {"meta", "wbr", "link", "input", "br", "hr", "img", "path", "line", "rect", "circle"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return html_page(write(tmp_path_factory.mktemp("page") / "store", wanted()))


@frozen
class Element:
    tag: str
    attributes: dict[str, str]
    text: list[str] = field(factory=list)


class Reader(HTMLParser):
    """Elements in order; refuses a page whose tags do not close each other."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.found.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text.append(data)


def read(page: str) -> list[Element]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader.found


def test_the_page_is_whole_and_needs_nothing_else(whole: str) -> None:
    elements = read(whole)

    addresses = [e.attributes[name] for e in elements for name in ("src", "href") if name in e.attributes]
    assert all(address.startswith("#") or address == "data:," for address in addresses)
    assert "@import" not in whole
    assert "url(" not in whole
    assert len(whole.encode()) < 3_000_000


def test_what_names_something_names_something_that_is_there(whole: str) -> None:
    elements = read(whole)
    ids = [e.attributes["id"] for e in elements if "id" in e.attributes]

    assert len(ids) == len(set(ids))
    links = [e.attributes["href"][1:] for e in elements if e.attributes.get("href", "").startswith("#")]
    labels = [e.attributes[name] for e in elements for name in ("aria-labelledby",) if name in e.attributes]
    assert links
    assert labels
    assert set(links) | set(labels) <= set(ids)


def test_everything_a_reader_looks_for_has_its_heading(whole: str) -> None:
    headings = ["".join(e.text) for e in read(whole) if e.tag in {"h1", "h2", "h3"}]

    assert headings[:2] == ["Are <tickets> universal?", "Verdicts"]
    assert {
        "Score against sparsity",
        "Rewinding",
        "Transfer",
        "Scores",
        "Beside published numbers",
        "Overlap of masks",
        "Sparsity by layer",
        "Learning curves",
        "Hyper-parameters as executed",
        "Seeds",
        "Certificates",
        "Hardware and versions",
        "The study as written",
    } <= set(headings)


def test_a_cell_tells_its_runs_and_keys(whole: str) -> None:
    elements = read(whole)
    (data,) = (json.loads("".join(e.text)) for e in elements if e.attributes.get("type") == "application/json")
    laid_out = plan(wanted())

    told = {e.attributes["data-of"] for e in elements if "data-of" in e.attributes}
    assert told <= data["runs"].keys()
    ids = {cell.id: key for cell, key in laid_out.cells.items()}
    assert {cell: key for runs in data["runs"].values() for cell, key, _ in runs} == ids
    assert data["runs"]["dense/a"][0] == ["dense/a/seed=1", ids["dense/a/seed=1"], "80.40"]


def test_a_published_matrix_is_shaded_by_the_rules_of_the_one_beside_it(tmp_path: Path) -> None:
    """Without a dense arm one rule is left, and its place is the same in both."""
    store, laid_out = Store.open(tmp_path / "store"), plan(evolve(wanted(), baselines=(), claims=()))
    fill(store, laid_out, score)
    found = whole_report(Evidence.of(laid_out, store))
    blocks = [block for section in found.sections for block in section.blocks]
    ours = next(block for block in blocks if isinstance(block, Table) and block.beside)

    assert ours.beside is not None
    assert isinstance(ours.drawing, Rules)
    assert isinstance(ours.beside.drawing, Rules)
    assert ours.beside.drawing.rules == ours.drawing.rules
    assert ours.beside.drawing.shown == ours.drawing.shown
    assert ours.drawing.in_force is None  # the rule of the study compares with dense
    published = {place for row in ours.beside.drawing.places for place in row}
    assert all(len(place) in {0, len(ours.drawing.rules)} for place in published)


def test_names_of_a_spec_are_text(tmp_path: Path) -> None:
    """No script runs but the page's own, whatever a question, a claim, or a publication is called."""
    base = wanted()
    evil = evolve(
        base,
        question=EVIL,
        claims=tuple(evolve(each, name=EVIL, sentence=EVIL) for each in base.claims),
        published=(evolve(base.published[0], where=EVIL),),
    )
    report = write(tmp_path / "store", evil, text=f"# </code></script>{EVIL}\n")
    page = html_page(evolve(report, problems=(EVIL,), show=f"ticketrun show '</script>{EVIL}'"))

    elements = read(page)
    scripts = [e for e in elements if e.tag == "script"]
    assert len(scripts) == 2
    assert not any(name.startswith("on") for e in elements for name in e.attributes)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "document.title=&#39;taken&#39;" in page


def test_both_sides_of_a_case_stand_in_one_row(whole: str) -> None:
    elements = read(whole)
    under = [e for e in elements if e.attributes.get("class") == "under"]

    assert any("".join(e.text) == "against dense" for e in under)
    assert "dense/a" in {e.attributes.get("data-of") for e in under}  # and tells its runs, as every number does


def test_what_stands_in_ticks_is_code(tmp_path: Path) -> None:
    """In paragraphs, in notes below tables, and in what went wrong; nothing but a listing shows a tick."""
    base = wanted()
    ticked = evolve(base, claims=tuple(evolve(each, sentence="as `report` <b>") for each in base.claims))
    report = evolve(write(tmp_path / "store", ticked), problems=("`x` is damaged",))
    noted = [
        evolve(block, notes=("say `report matching`",)) if isinstance(block, Table) else block
        for block in report.sections[-1].blocks
    ]
    page = html_page(evolve(report, sections=(*report.sections[:-1], evolve(report.sections[-1], blocks=tuple(noted)))))

    codes = ["".join(e.text) for e in read(page) if e.tag == "code"]
    assert {"report", "x", "report matching"} <= set(codes)
    assert "&lt;b&gt;" in page
    assert "`" not in page.partition("<body>")[2].partition("<pre")[0].partition("<script")[0]


def test_the_policy_names_the_script_it_was_written_with(whole: str) -> None:
    from base64 import b64encode
    from hashlib import sha256

    (script,) = re.findall(r"<script>(.*?)</script>", whole, re.DOTALL)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in whole


def test_a_study_half_done_says_what_is_missing(tmp_path: Path) -> None:
    report = write(tmp_path / "store", wanted(), lambda cell: None if cell.arm == "random_init" else score(cell))
    text = " ".join("".join(e.text) for e in read(html_page(report)) if e.tag in {"p", "td", "th"})

    missing = sum(cell.arm == "random_init" for cell in plan(wanted()).cells)
    assert f"{missing} of {report.asked} scores are missing" in " ".join(text.split())
    assert "random_init.imp[rewind=0 steps]/a@70%/a" in text


def test_a_study_without_results_has_a_page(tmp_path: Path) -> None:
    report = whole_report(Evidence.of(plan(wanted()), Store.open(tmp_path / "store")))

    headings = ["".join(e.text) for e in read(html_page(report)) if e.tag == "h2"]
    assert "Verdicts" in headings


# In a browser


@pytest.fixture(scope="module")
def page_in_browser(whole: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Path]]:
    if chromium() is None:
        pytest.skip("there is no Chromium here: `apt-get install chromium` brings one")
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "page.html"
    path.write_text(whole, encoding="utf-8")
    with browsing(folder / "profile") as page:
        yield page, path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_all_of_it_without_complaint(
    page_in_browser: tuple[Page, Path], width: int, dark: bool
) -> None:
    page, path = page_in_browser
    page.complaints.clear()
    page.fetched.clear()
    page.open(path, width, dark)

    assert page.complaints == []
    assert [address for address in page.fetched if not address.startswith(("file:", "data:"))] == []
    assert page.tell("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    sizes = page.tell("[...document.querySelectorAll('svg.chart')].map(e => e.getBoundingClientRect().height)")
    assert len(sizes) >= 6  # curves of two targets, rewinding of two tickets on two targets, losses
    assert min(sizes) > 100
    assert page.tell("document.querySelectorAll('table.shaded').length") >= 2  # found here, and published
    assert page.tell("document.querySelectorAll('table.shares').length") >= 1
    ink, paper = page.tell("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert (_lightness(ink) > _lightness(paper)) is dark


@pytest.mark.parametrize("width", [1200, 1000, 390])
def test_verdicts_and_scores_fit_without_being_pushed_aside(page_in_browser: tuple[Page, Path], width: int) -> None:
    page, path = page_in_browser
    page.open(path, width)
    page.tell("document.querySelectorAll('details').forEach(each => each.open = true)")
    overflow = "[...document.querySelectorAll('#verdicts .scroll')].map(e => e.scrollWidth - e.clientWidth)"

    assert len(page.tell(overflow)) == len(wanted().claims)
    assert max(page.tell(overflow)) <= 0
    numbers = "[...document.querySelectorAll('#verdicts td.num')].map(e => e.innerText.split('\\n').length)"
    assert max(page.tell(numbers)) == 2  # a score, and the one it is compared with: no number is broken in two


@pytest.mark.parametrize("width", [390, 320])
def test_no_name_is_broken_inside_a_word(page_in_browser: tuple[Page, Path], width: int) -> None:
    """What stands between two places where a line may end is on one line, in tables and in keys of charts."""
    page, path = page_in_browser
    page.open(path, width)
    page.tell("document.querySelectorAll('details').forEach(each => each.open = true)")
    broken = page.tell(
        """(() => {
          const found = [];
          for (const name of document.querySelectorAll('tbody th, .key span')) {
            const walk = document.createTreeWalker(name, NodeFilter.SHOW_TEXT);
            while (walk.nextNode()) {
              const range = document.createRange();
              range.selectNodeContents(walk.currentNode);
              if (!/[\\s-]/.test(walk.currentNode.data.trim()) && range.getClientRects().length > 1)
                found.push(walk.currentNode.data);
            }
          }
          return found;
        })()"""
    )

    assert page.tell("document.querySelectorAll('tbody th wbr').length") > 10
    assert broken == []


def test_pointing_at_a_cell_tells_where_it_comes_from(page_in_browser: tuple[Page, Path]) -> None:
    page, path = page_in_browser
    page.open(path)
    page.point_at("#scores td[data-of='dense/a']")

    told = page.tell("document.getElementById('about').hidden ? '' : document.getElementById('about').innerText")
    assert "dense/a" in told
    assert "80.40" in told
    key = next(key for cell, key in plan(wanted()).cells.items() if cell.id == "dense/a/seed=1")
    assert key in told
    assert "ticketrun show handmade.ticket dense/a/seed=1" in told
    page.press("Escape")
    assert page.tell("document.getElementById('about').hidden")


def test_arrows_go_from_cell_to_cell(page_in_browser: tuple[Page, Path]) -> None:
    page, path = page_in_browser
    page.open(path)
    page.tell("document.querySelector('table.shaded [data-of]').focus()")
    first = page.tell("document.activeElement.dataset.of")
    page.press("ArrowRight")
    second = page.tell("document.activeElement.dataset.of")

    assert first != second
    assert second in page.tell("document.getElementById('about').innerText")


def test_a_matrix_is_shaded_by_the_rule_that_is_chosen(page_in_browser: tuple[Page, Path]) -> None:
    page, path = page_in_browser
    page.open(path)
    classes = "[...document.querySelectorAll('.matrix td[data-shades]')].map(e => e.className).join()"
    before = page.tell(classes)
    said = "[...document.querySelectorAll('.matrix [data-by-rule]')].map(e => e.textContent)"
    own = "the target's own ticket"
    assert page.tell(said)[:2] == [own, f"at least {own}"]

    page.tell("document.querySelector('.rules label:first-of-type input').click()")

    assert page.tell(classes) != before
    assert page.tell(said)[:2] == ["dense", "at or above dense"]


def test_a_page_that_renews_itself_is_found_as_it_was_left(page_in_browser: tuple[Page, Path], whole: str) -> None:
    page, _ = page_in_browser
    state = (
        "[[...document.querySelectorAll('details')].map(e => e.open).join(), Math.round(scrollY),"
        " document.querySelector('.matrix .rules input:checked').value,"
        " [...document.querySelectorAll('.matrix td[data-shades]')].map(e => e.className).join()].join('|')"
    )
    with served(whole.encode, 0, every=1.0) as address:
        page.visit(address)
        before = page.tell(state)
        page.tell("document.querySelectorAll('details').forEach(each => { each.open = !each.open })")
        page.tell("document.querySelector('.matrix .rules input:not(:checked)').click()")
        page.tell("scrollTo({top: document.body.scrollHeight / 2, behavior: 'instant'}); window.stays = 1")
        left = page.tell(state)
        last = time.monotonic() + 30
        is_renewed = False
        while not is_renewed:
            assert time.monotonic() < last, "it does not renew itself"
            time.sleep(0.05)
            with suppress(AssertionError):  # between two pages there is nobody to ask
                is_renewed = page.tell("window.stays !== 1 && document.readyState == 'complete'")
        found = page.tell(f"new Promise(r => setTimeout(r, 100)).then(() => {state})")
        page.visit("about:blank")
    assert found == left
    assert all(one != other for one, other in zip(before.split("|"), left.split("|"), strict=True))


def test_the_page_prints(page_in_browser: tuple[Page, Path]) -> None:
    page, path = page_in_browser
    page.open(path)

    printed = page.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]
    assert len(printed) > 20_000


def _lightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3]))
