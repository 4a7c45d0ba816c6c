"""What two studies say differently, as people read it: a heading for each block, a line for each field."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import frozen
from rich.text import Text

from ..cost import Cost
from ..differences import Difference
from ..plain import plain
from ..plan import Plan, PlannedJob

REMOVED, ADDED = "red", "green"
NOTHING = "nothing"


@frozen
class Sides:
    """What the two sides of a comparison are called."""

    before: str
    after: str
    same: str  # where both say the same


TWO_SPECS = Sides("in the first", "in the second", "Both say the same.")
LAST_RUN = Sides("in the last run", "now", "It says what it said when it was last run.")


def differences_view(found: Sequence[Difference], names: Sides) -> Iterator[Text]:
    if not found:
        yield Text(names.same)
    column = max((len(difference.field) for difference in found), default=0)
    for place, group in groupby(found, key=lambda difference: difference.place):
        lines = tuple(group)
        if not lines[0].field and None in (lines[0].before, lines[0].after):
            yield _whole_block(place, lines[0])
            continue
        yield Text(plain(place) or "study", style="bold")
        for difference in lines:
            yield _line(difference, column)


def _whole_block(place: str, difference: Difference) -> Text:
    sign, style, said = (
        ("-", REMOVED, difference.before) if difference.after is None else ("+", ADDED, difference.after)
    )
    return Text.assemble((f"{sign} {plain(place)}", f"bold {style}"), f"  {plain(said or '')}")


def _line(difference: Difference, column: int) -> Text:
    field = f"  {plain(difference.field):{column}}  " if difference.field else "  "
    before, after = (plain(NOTHING if side is None else side) for side in (difference.before, difference.after))
    return Text.assemble(field, (before, REMOVED), " -> ", (after, ADDED))


def jobs_view(before: Plan, after: Plan, new: Sequence[PlannedJob], cost: Cost, names: Sides) -> Text:
    """`Jobs: 60 in both, 6 only in the first, 12 only in the second, of which 10 are to run: about 3m 20s, ...`

    Args:
        new: jobs that only the second plan has.
        cost: of those of them that are to run.
    """
    shared = len(after.jobs) - len(new)
    to_run = sum(not job.is_reused for job in new)
    text = f"Jobs: {shared} in both, {len(before.jobs) - shared} only {names.before}, {len(new)} only {names.after}"
    if new:
        text += f", of which {to_run} {'is' if to_run == 1 else 'are'} to run"
    return Text(f"{text}{f': {cost}' if str(cost) else ''}.", style="bold")
