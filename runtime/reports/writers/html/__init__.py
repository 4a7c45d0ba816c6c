"""A report as one page of HTML that needs nothing else: style, script and figures are inside it.

Whatever comes from a spec is text on it. Two things hold that: jinja2 escapes every value, and the page's own policy
lets no script run but the one it was written with, by its digest.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketlang.plain import plain

from ....points import points
from ...blocks import Judgement, Listing, Prose, Report, Table
from ...drawings import Curves, Dots, Rules, Shares
from ..narrowing import lower, parts
from ..shades import classes_of, legend, shades_of
from .charts import chart, strip

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
SHOWN = "Scores"  # the section that a notebook shows


def html_page(report: Report) -> str:
    """The whole page."""
    template = _environment().get_template("page.html.jinja")
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    return template.render(
        report=report,
        contents=[(_anchor(section.title), section) for section in report.sections],
        appendix=[(_anchor(section.title), section) for section in report.appendix],
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        script=script,
        digest=b64encode(sha256(script.encode()).digest()).decode(),
        runs=runs_json(report),
    )


def html_fragment(report: Report) -> str:
    """The question, the verdicts and the scores, for the output of a notebook's cell."""
    scores = [block for section in report.sections if section.title == SHOWN for block in section.blocks]
    tables = [block for block in scores if isinstance(block, Table)]
    return _environment().get_template("fragment.html.jinja").render(report=report, tables=tables)


def runs_json(report: Report) -> str:
    """What a cell tells when it is pointed at, as JSON that cannot end the element it stands in."""
    runs = {
        name: [[plain(run.cell), run.key, None if run.score is None else points(100 * run.score)] for run in its]
        for name, its in report.runs.items()
    }
    text = json.dumps({"show": plain(report.show), "runs": runs}, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _anchor(title: str) -> str:
    """`Score against sparsity` is "score-against-sparsity"."""
    return "-".join(title.lower().replace(",", "").split())


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests |= _kinds()
    environment.globals |= {
        "is_detail": lambda block: isinstance(block, Table) and block.is_detail,
        "anchor_of": _anchor,
        "chart": chart,
        "strip": strip,
        "classes_of": classes_of,
        "shades_of": shades_of,
        "legend": legend,
        "lower": lower,
        "parts": parts,
    }
    return environment


def _as_text(value: Any) -> Any:
    """Nothing in a name turns the line or hides: what the templates write themselves is `Markup`, and stays."""
    from markupsafe import Markup

    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _kinds() -> Mapping[str, Any]:
    """What templates tell blocks and drawings apart by."""
    kinds = (Prose, Table, Judgement, Listing, Curves, Dots, Rules, Shares)
    return {kind.__name__.lower(): (lambda value, kind=kind: isinstance(value, kind)) for kind in kinds}
