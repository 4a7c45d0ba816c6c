"""A report for papers: tables in booktabs, figures as PDF, and a document that shows all of them.

`report.tex` compiles as it stands; a paper takes single files of tables/ and figures/, and needs the packages that
`report.tex` names. The same report gives the same bytes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ...blocks import Block, Judgement, Listing, Prose, Report, Section, Table
from ...drawings import Rules
from ..data import block_text
from ..shades import Shade, classes_of, legend_of
from .text import column_type, escaped, finalized

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
LONG = 40  # rows, from which on a table goes over pages
LONGEST = 60  # characters of a file's name


@frozen(kw_only=True)
class Part:
    """What stands in the document one after another."""

    kind: str  # `section`, `prose`, `table`, `figure`, `listing`
    text: str = ""  # the heading, the paragraph, or the name of the file


def latex_files(report: Report) -> Mapping[str, bytes]:
    """Contents by path: `report.tex`, `tables/NAME.tex`, `figures/NAME.pdf`."""
    files: dict[str, bytes] = {}
    parts = [part for section in _sections(report) for part in _section_parts(section, files)]
    document = _environment().get_template("report.tex.jinja").render(report=report, parts=parts)
    return {"report.tex": document.encode(), **files}


def _sections(report: Report) -> Iterator[Section]:
    yield from report.sections
    yield from report.appendix


def _section_parts(section: Section, files: dict[str, bytes]) -> Iterator[Part]:
    yield Part(kind="section", text=section.title)
    for block in section.blocks:
        yield from _block_parts(section.title, block, files)


def _block_parts(section: str, block: Block, files: dict[str, bytes]) -> Iterator[Part]:
    match block:
        case Prose(text):
            yield Part(kind="prose", text=text)
        case Judgement(verdict, cases):
            said = f"{verdict.claim.name}: {verdict.answer}. {verdict.claim.sentence}. {verdict.summary}."
            yield Part(kind="prose", text=said)
            if cases.rows:
                titled = evolve(cases, title=f"The cases of {verdict.claim.name}")
                yield from _table_parts(f"{section} {verdict.claim.name}", titled, files)
        case Listing(lines=lines):
            yield Part(kind="listing", text=block_text(lines))
        case Table():
            yield from _table_parts(f"{section} {block.title}", block, files)


def _table_parts(name: str, table: Table, files: dict[str, bytes]) -> Iterator[Part]:
    from .figures import figure

    stem = _stem(name, files)
    if (picture := figure(table)) is not None:
        files[f"figures/{stem}.pdf"] = picture
        yield Part(kind="figure", text=stem)
        files[f"figures/{stem}.tex"] = _render("figure.tex.jinja", table=table, stem=stem, told=_told(table))
    files[f"tables/{stem}.tex"] = _render(
        "table.tex.jinja", table=table, stem=stem, styles=_styles(table), shades=_shades(table)
    )
    yield Part(kind="table", text=stem)
    if table.beside is not None:
        yield from _table_parts(f"{name} {table.beside.title}", table.beside, files)


def _told(table: Table) -> tuple[str, ...]:
    """What is told below a picture that shows the entries of its table."""
    if not isinstance(table.drawing, Rules):
        return ()
    return *table.drawing.notes, f"coloured by this rule: {table.drawing.rules[table.drawing.shown]}"


def _styles(table: Table) -> list[list[str]]:
    """The colour of each place, by the rule that is shown."""
    if not isinstance(table.drawing, Rules):
        return [["" for _ in row] for row in table.rows]
    drawing = table.drawing
    return [[classes_of(place)[drawing.shown] if place else "" for place in row] for row in drawing.places]


def _shades(table: Table) -> tuple[Shade, ...]:
    """What the colours of its places mean."""
    return legend_of(table.drawing) if isinstance(table.drawing, Rules) else ()


def _stem(name: str, files: Mapping[str, bytes]) -> str:
    """A name of letters, digits and hyphens that no other file has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _shortened(re.sub(r"[^a-z0-9]+", "-", plain).strip("-")) or "table"
    taken = {path.rpartition("/")[2].rpartition(".")[0] for path in files}
    numbered = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(files) + 2))
    return next(each for each in numbered if each not in taken)


def _shortened(stem: str) -> str:
    """As many whole words as there is room for; of a word that is too long by itself, its beginning."""
    if len(stem) <= LONGEST:
        return stem
    words, _, _ = stem[: LONGEST + 1].rpartition("-")
    return words or stem[:LONGEST]


def _render(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(**values).encode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # TeX has uses of its own for braces and per cent signs
        loader=FileSystemLoader(FOLDER),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        finalize=finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"column_type": column_type, "escaped": escaped, "LONG": LONG}
    return environment
