"""Levels that transfers and claims speak of: a ticket has them, or a baseline that is run wherever a ticket is."""

from collections.abc import Iterator

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Study
from ..units import Sparsity


def are_transfers_sound(study: Study) -> bool:
    """Whether all levels that transfers speak of are there: where one is not, more may be run than can be seen."""
    return not any(transferred_levels_exist(study))


def transferred_levels_exist(study: Study) -> Iterator[Diagnostic]:
    blocks = _blocks(study)
    for transfer in study.transfers:
        levels = blocks.get(transfer.ticket)
        for level in transfer.levels:
            if levels and level not in levels:
                at = transfer.places.get(f"at {level}", transfer.at)
                yield _no_such_level(at, transfer.ticket, level, levels)


def claimed_levels_exist(study: Study) -> Iterator[Diagnostic]:
    blocks = _blocks(study)
    for claim in study.claims:
        for side, pattern in claim.sides:
            arm, levels = study.baseline(pattern.arm), blocks.get(pattern.arm)
            at = claim.places.get(f"{side} at", claim.at)
            if pattern.level is None:
                continue
            if arm is not None and arm.mask == "none":
                yield diagnostics.OneDenseLevel(at=at, arm=pattern.arm, level=str(pattern.level))
            elif levels and pattern.level not in levels:
                yield _no_such_level(at, pattern.arm, pattern.level, levels)


def claimed_levels_of_baselines_exist(study: Study) -> Iterator[Diagnostic]:
    """A baseline is run wherever a ticket is: this needs all of them."""
    for claim in study.claims:
        for side, pattern in claim.sides:
            arm = study.baseline(pattern.arm)
            if arm is not None and arm.mask != "none" and pattern.level is not None:
                levels = levels_of(study, pattern.arm)
                if pattern.level not in levels:
                    at = claim.places.get(f"{side} at", claim.at)
                    yield _no_such_level(at, pattern.arm, pattern.level, levels)


def levels_of(study: Study, arm: str) -> tuple[Sparsity, ...]:
    """Levels at which an arm is run: those of its block, and of all blocks for a baseline."""
    blocks = _blocks(study)
    return blocks[arm] if arm in blocks else tuple(dict.fromkeys(one for its in blocks.values() for one in its))


def _blocks(study: Study) -> dict[str, tuple[Sparsity, ...]]:
    """The levels of each ticket block whose levels were understood, whatever else of it was not."""
    levels = {name: dict.fromkeys(found) for name, found in study.levels.items() if found}
    for ticket in study.tickets:
        levels.setdefault(ticket.name, {}).update(dict.fromkeys(ticket.levels))
    return {name: tuple(found) for name, found in levels.items()}


def _no_such_level(at: Span, ticket: str, level: Sparsity, levels: tuple[Sparsity, ...]) -> Diagnostic:
    return diagnostics.LevelNotInTicket(at=at, ticket=ticket, level=str(level), levels=listed(levels))


def listed(levels: tuple[Sparsity, ...]) -> str:
    return ", ".join(map(str, levels))
