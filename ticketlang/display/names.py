"""Names and what they stand for, in columns."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from ..names import Named, Word
from ..plain import plain


def words_view(words: Mapping[str, Word]) -> Table:
    """Each name with what it means and, below that, a statement that has it."""
    table = _table("")
    for name, word in words.items():
        example = ("\n", (plain(word.example), "dim")) if word.example else ()
        table.add_row(plain(name), Text.assemble(plain(word.means), *example))
    return table


def declared_view(file: str, names: Sequence[Named]) -> Table:
    """The names in sight of a file, with where each comes from."""
    table = _table(file)
    for named in names:
        origin = f" (from {named.origin})" if named.origin else ""
        table.add_row(plain(named.name), Text.assemble(plain(named.says), (plain(origin), "dim")))
    return table


def _table(title: str) -> Table:
    table = Table(
        box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False, title=plain(title) or None,
        title_justify="left", title_style="bold",
    )  # fmt: skip
    table.add_column("name", no_wrap=True)
    table.add_column("means", overflow="fold")
    return table
