"""What to type next, as people read it: each command below what it is good for."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from ..plain import plain


def onward_view(told: Iterable[tuple[str, str]]) -> Iterator[Text]:
    """Lines for pairs of what a command is good for, and the command."""
    yield Text("Next", style="bold underline")
    yield Text()
    for what, command in told:
        yield Text(f"  {plain(what)}", style="dim")
        yield Text(f"    {plain(command)}")
