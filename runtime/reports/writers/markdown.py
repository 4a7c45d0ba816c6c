"""Parts of a report as Markdown, in the dialect with tables: for model cards, notes and issues."""

import re
from collections.abc import Iterable, Iterator

from ticketlang.plain import plain

from ..blocks import Block, Entry, Judgement, Listing, Prose, Report, Section, Table

SPECIAL = re.compile(r"[\\`*_\[\]<>|~#&!]")
TICKS = re.compile(r"`+")
TICKED = re.compile(r"`([^`]+)`")
LANGUAGE = "ticket"  # of listings


def markdown_report(report: Report) -> str:
    """Question, sections and appendix below the name of the study."""
    question = f"{text(report.question)}\n\n" if report.question else ""
    there = "is" if report.done == 1 else "are"
    state = "" if report.done == report.asked else f"{report.done} of {report.asked} scores {there} there.\n\n"
    facts = "".join(f"- {text(name)}: {text(said)}\n" for name, said in report.summary)
    appendix = f"\n## Appendix\n\n{markdown(report.appendix, level=3)}" if report.appendix else ""
    return f"# {text(report.study)}\n\n{question}{state}{facts}\n{markdown(report.sections)}{appendix}"


def markdown(sections: tuple[Section, ...], level: int = 2) -> str:
    """Sections one below another, the headings of this level; ends with a line break, unless there is nothing."""
    return "".join(f"{line}\n" for section in sections for line in _section(section, level))


def text(said: str) -> str:
    """Text as text: nothing in it marks anything up, ends a cell of a table, or hides."""
    return SPECIAL.sub(lambda sign: f"\\{sign[0]}" if sign[0] not in "<>&" else f"&#{ord(sign[0])};", plain(said))


def sentence(said: str) -> str:
    """Text in which what stands in ticks is code."""
    return "".join(code(part) if index % 2 else text(part) for index, part in enumerate(TICKED.split(said)))


def code(said: str) -> str:
    """A few words of code within a line, whatever ticks are in them; without line breaks."""
    said = plain(said).replace("|", "\\|")
    fence = "`" * (1 + _longest(said))
    return f"{fence} {said} {fence}" if "`" in said else f"{fence}{said}{fence}"


def listing(lines: str, language: str = "") -> str:
    """Lines of code; ends with a line break."""
    fence = "`" * max(3, 1 + _longest(lines))
    shown = "\n".join(plain(line) for line in lines.rstrip("\n").split("\n"))
    return f"{fence}{language}\n{shown}\n{fence}\n"


def _longest(said: str) -> int:
    return max((len(run) for run in TICKS.findall(said)), default=0)


def _section(section: Section, level: int) -> Iterator[str]:
    yield f"{'#' * level} {text(section.title)}"
    yield ""
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Prose(said, is_warning):
            yield f"> **Warning.** {sentence(said)}" if is_warning else sentence(said)
            yield ""
        case Listing(title=title, lines=lines):
            yield f"**{text(title)}**"
            yield ""
            yield listing("\n".join("".join(piece.text for piece in line) for line in lines), LANGUAGE)
        case Table():
            yield from _table(block)
        case Judgement(verdict, cases):
            yield f"**{verdict.answer}** {code(verdict.claim.name)}: {sentence(verdict.claim.sentence)}"
            yield f"({sentence(verdict.summary)})" if verdict.summary else ""
            yield ""
            yield from _table(cases)


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"**{text(table.title)}**"
        yield ""
    if table.rows:
        yield _row(text(column.name) for column in table.columns)
        yield _row("---:" if column.is_number else "---" for column in table.columns)
        yield from (_row(map(_entry, row)) for row in table.rows)
        yield ""
    for note in table.told:
        yield f"- {sentence(note)}"
    if table.told:
        yield ""


def _entry(entry: Entry) -> str:
    return text(entry.text) + (f" {text(entry.mark)}" if entry.mark else "")


def _row(entries: Iterable[str]) -> str:
    return f"| {' | '.join(entries)} |"
