"""Specs, sessions and differences of the site in colours: a hook of MkDocs."""

import re
from html import escape, unescape

from ticketlang.highlighting import highlighted

SPEC = re.compile(r'(<code class="language-ticket">)(.*?)(?=</code>)', re.DOTALL)
LINED = re.compile(r'(?<=<code class="language-)(?:console|diff)">.*?(?=</code>)', re.DOTALL)
# Of what the lines of sessions and of differences begin with, what they are.
LINES = {"$": "typed", "+": "added", "-": "removed"}
LINE = re.compile(r"(?:^|(?<=>))(\$ |[-+]).*$", re.MULTILINE)


def on_page_content(html: str, **_: object) -> str:
    """Gives what a page shows its colours. MkDocs calls it by this name."""
    coloured = SPEC.sub(lambda found: found[1] + _of_spec(unescape(found[2])), html)
    return LINED.sub(lambda found: LINE.sub(_of_line, found[0]), coloured)


def _of_spec(text: str) -> str:
    """The text in HTML, each part of it with its kind as a class."""
    lines = (
        "".join(f'<span class="{kind}">{escape(part)}</span>' for kind, part in line) for line in highlighted(text)
    )
    return "\n".join(lines) + "\n"


def _of_line(found: re.Match[str]) -> str:
    return f'<span class="{LINES[found[1].strip()]}">{found[0]}</span>'
