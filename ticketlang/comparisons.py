"""What two trainings differ in, by the settings of their jobs; and what baselines are compared with."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from .jobs import AnyJob, DrawMask, FineTune, JobKey, Prune, settings
from .plan import Cell, Plan
from .study import Seeds, Ticket

WORDS = {
    "mask": "the mask",
    "weights": "the weights",
    "head": "the head",
    "begins": "the point where training sets in",
    "gradually": "the pruning while it is trained",
}


def factors(plan: Plan, ours: JobKey, theirs: JobKey) -> tuple[str, ...]:
    """The settings in which two trainings of a plan differ, by their fields: `mask`, `head`, `task recipe rate`.

    Two draws of one order of the weights give one mask. And a training that prunes on its way has no mask to begin
    with: that it prunes is one factor.
    """
    found = dict.fromkeys(_differing(settings(plan.jobs[ours].job), settings(plan.jobs[theirs].job)))
    if "gradually" in found or ("mask" in found and _is_one_draw(plan, *(_mask(plan, key) for key in (ours, theirs)))):
        found.pop("mask", None)
    return tuple(found)


def _mask(plan: Plan, key: JobKey) -> AnyJob | None:
    job = plan.jobs[key].job
    mask = job.mask if isinstance(job, FineTune) else None
    return plan.jobs[mask].job if mask is not None and mask in plan.jobs else None


def _is_one_draw(plan: Plan, one: AnyJob | None, other: AnyJob | None) -> bool:
    """Whether a random ticket and a random mask lose the same weights: the lowest in the one order of their seed."""
    if isinstance(one, DrawMask):
        one, other = other, one
    if not (isinstance(one, Prune) and isinstance(other, DrawMask)):
        return False
    if one.pruning.method != "random" or (one.seed, one.pruning.scope) != (other.seed, other.scope):
        return False
    if other.like is not None:  # as many of each matrix
        return other.like in plan.jobs and plan.jobs[other.like].job == one
    return one.pruning.allocation == "global" and one.sparsity == other.sparsity


def _differing(ours: Mapping[str, object], theirs: Mapping[str, object], path: str = "") -> Iterator[str]:
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(name), theirs.get(name)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping) and name in {"task", "recipe", "seeds"}:
            yield from _differing(one, other, f"{path}{name} ")
        else:
            yield f"{path}{name}"


def said(fields: Iterable[str]) -> str:
    """Fields of settings in words."""
    return ", ".join(map(_said, fields)) or "nothing"


def _said(field: str) -> str:
    place, _, name = field.rpartition(" ")
    return WORDS.get(field) or (f"the seed of {name}" if place == "seeds" else f"`{name}`")


@frozen
class Difference:
    """What a baseline differs in from some of the tickets that it is compared with."""

    arm: str
    tickets: tuple[str, ...]  # the blocks that this is so of; empty: all that it is beside
    fields: tuple[str, ...]


def beside(plan: Plan, name: str) -> Iterator[tuple[str, str]]:
    """The tickets that a baseline's cell is beside, and what it differs in: `imp/a@50%/a/seed=1`, `the mask`."""
    mine = next((cell for cell in plan.cells if cell.id == name), None)
    if mine is None or _is_ticket(mine):
        return
    for cell in _Tickets.of(plan).beside(mine):
        yield cell.id, said(factors(plan, plan.cells[cell], plan.cells[mine]))


def differences(plan: Plan) -> tuple[Difference, ...]:
    """What each baseline of a plan differs in, in the order of the study; from several tickets apart if need be."""
    tickets = _Tickets.of(plan)
    found: dict[str, dict[tuple[str, ...], dict[str, None]]] = {}
    for mine, key in plan.cells.items():
        for cell in () if _is_ticket(mine) else tickets.beside(mine):
            fields = factors(plan, plan.cells[cell], key)
            found.setdefault(mine.arm, {}).setdefault(fields, {})[cell.arm] = None
    arms = [arm.name for arm in plan.study.baselines if arm.name in found]
    return tuple(
        Difference(arm, tuple(blocks) if len(found[arm]) > 1 else (), fields)
        for arm in arms
        for fields, blocks in found[arm].items()
    )


def _is_ticket(cell: Cell) -> bool:
    return cell.ticket is not None and cell.arm == cell.ticket.name


@frozen
class _Tickets:
    """The cells of tickets, by where they are tried; and which of them have baselines of their own."""

    tried: Mapping[tuple[str, Seeds], tuple[Cell, ...]]
    apart: Mapping[str, frozenset[Ticket | None]]  # arm -> tickets that have such an arm of their own

    @classmethod
    def of(cls, plan: Plan) -> "_Tickets":
        tried: dict[tuple[str, Seeds], list[Cell]] = {}
        apart: dict[str, set[Ticket | None]] = {}
        for cell in plan.cells:
            apart.setdefault(cell.arm, set()).add(cell.ticket)
            if _is_ticket(cell):
                tried.setdefault((cell.target, cell.seeds), []).append(cell)
        return cls(
            {place: tuple(cells) for place, cells in tried.items()},
            {arm: frozenset(tickets) for arm, tickets in apart.items()},
        )

    def beside(self, mine: Cell) -> Iterator[Cell]:
        """The tickets that a baseline's cell is compared with: on its target, with its seeds, at its level."""
        for cell in self.tried.get((mine.target, mine.seeds), ()):
            is_its_own = mine.ticket == cell.ticket or (mine.ticket is None and cell.ticket not in self.apart[mine.arm])
            if is_its_own and mine.level in {cell.level, None}:
                yield cell
