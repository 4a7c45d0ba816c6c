"""The way of a spec: text -> tree -> study, with every mistake found on it."""

from collections.abc import Sequence

from attrs import frozen

from .diagnostics import Diagnostic
from .diagnostics.fixes import mended
from .elaborate import elaborate
from .elaborate.modules import Loads
from .library import FromDisk
from .parse import no_more_than_help, parse
from .rules import broken_rules
from .rules.arms import differs_in_arms_alone
from .source import Source
from .study import Study

MOST_FIXES_IN_TURN = 10  # that uncover each other; an end, whatever the file says


@frozen(repr=False, eq=False)
class Checked:
    """What a text says, and what is wrong with it."""

    study: Study | None  # None only if there are errors
    diagnostics: tuple[Diagnostic, ...]  # in source order, this file's before those of files it uses


def check(source: Source, *, settings: Sequence[str] = (), loads: Loads | None = None) -> Checked:
    """Check a spec: a pure function of its text and of the files it uses.

    Args:
        settings: what a command line sets in place of what the study says: `seeds 1`, `imp.sparsity 50%, 70%`.
        loads: how files named by `use` are read; by default from the disk, beside the spec, and from the library.
    """
    tree, malformed = parse(source)
    if tree is None:
        return Checked(None, malformed)
    elaborated = elaborate(tree, loads or FromDisk(), settings)
    unsound = (*malformed, *elaborated.diagnostics)
    assert unsound or not elaborated.left_out, f"left out without a word: {elaborated.left_out}"
    broken = broken_rules(elaborated.study, is_whole=not unsound) if elaborated.study else ()
    has_errors = any(diagnostic.severity == "error" for diagnostic in (*unsound, *broken))
    if elaborated.study and not has_errors and not differs_in_arms_alone(elaborated.study):
        from .factors import confounded  # late: most studies need no plan to be checked

        broken = (*broken, *confounded(elaborated.study))
    order = {id(seen): place for place, seen in enumerate(elaborated.sources)}
    found = sorted((*unsound, *broken), key=lambda found: (order.get(id(found.at.source), 0), found.at.start))
    return Checked(None if has_errors else elaborated.study, tuple(no_more_than_help(found)))


def fixed_text(source: Source, *, loads: Loads | None = None) -> tuple[str, int]:
    """The text of a spec with everything mended that can be mended in one way alone, and how many mistakes that were.

    A fix may uncover another mistake (`batch_size 32` is first `batch 32`, and then lacks a unit), so this goes on
    while there is something to mend, but not for ever: of a line with many, one is seen at a time.
    """
    count = 0
    for _ in range(MOST_FIXES_IN_TURN):
        found = check(source, loads=loads).diagnostics
        text, fixed = mended(source, [diagnostic.fix for diagnostic in found])
        if not fixed:
            break
        source, count = Source(source.name, text, source.path), count + fixed
    return source.text, count
