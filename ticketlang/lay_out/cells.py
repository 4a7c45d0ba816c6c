"""Which job answers a cell: the training of a ticket on a target, and those of the baselines beside it."""

from attrs import evolve

from ..jobs import CombineMasks, DrawMask, FineTune, JobKey, Pretrained, RandomWeights, Shuffled, Weights
from ..plan import Cell
from ..study import Arm, Seeds, Ticket, usual_head
from ..units import Sparsity
from .connectivity import ask_lines
from .requests import Requests
from .searches import Searches
from .trainings import Found, Setting, fine_tune, origin_of, target_setting


def answer(
    requests: Requests,
    ticket: Ticket,
    level: Sparsity,
    target: str,
    searches: Searches,
    seeds: Seeds,
) -> None:
    """Ask for the cell of a ticket, and for those of every baseline that it is compared with."""
    found = searches.found[ticket][level]
    setting = target_setting(requests, ticket, target, found, seeds)
    for arm in requests.study.baselines:
        partner = searches.partner(arm, ticket, level)
        if arm.weights == "run":
            _answer_run(requests, arm, ticket, level, target, found, seeds)
        elif arm.partner is None or partner is not None:
            mask = _mask_of(requests, arm, ticket, level, found.mask, partner, seeds)
            _answer_baseline(requests, arm, ticket, level, target, found, mask, setting, seeds)
    is_own = (target,) == ticket.source
    group = f"{ticket.name}: train" if is_own else f"{ticket.name}: transfer"
    cell = Cell(arm=ticket.name, ticket=ticket, level=level, target=target, seeds=seeds)
    # The weights of a ticket trained on its own source are kept, so that a sparser level can be added later.
    origin = origin_of(requests, ticket, found, seeds)
    job = fine_tune(requests, ticket, setting, origin, found.mask, keeps_weights=is_own)
    requests.ask_cell(job, group, cell)
    if is_own:
        ask_lines(requests, job, cell)


def _answer_run(
    requests: Requests, arm: Arm, ticket: Ticket, level: Sparsity, target: str, found: Found, seeds: Seeds
) -> None:
    """The run in which a gradual pruning found the mask has its score: on the source, and for such tickets alone."""
    run = requests.jobs[found.mask]
    if isinstance(run, FineTune) and (target,) == ticket.source:
        cell = Cell(arm=arm.name, ticket=ticket, level=level, target=target, seeds=seeds)
        requests.ask_cell(run, f"{ticket.name}: prune", cell)


def _answer_baseline(
    requests: Requests,
    arm: Arm,
    ticket: Ticket,
    level: Sparsity,
    target: str,
    found: Found,
    mask: JobKey | None,
    setting: Setting,
    seeds: Seeds,
) -> None:
    its = _going_back(arm, ticket, target)
    if its != ticket:
        setting = target_setting(requests, its, target, found, seeds)
    if arm.is_dense:  # dense training is whole: it has no point to go on from
        setting = evolve(setting, task=requests.study.tasks[target], head=None, resumes=False)
    cell = Cell(
        arm=arm.name,
        ticket=ticket if requests.study.depends_on_ticket(arm, ticket) else None,
        level=level if arm.mask != "none" or _depends_on_level(arm, its) else None,
        target=target,
        seeds=seeds,
    )
    job = fine_tune(requests, its, setting, _weights_of(requests, arm, its, found, seeds), mask)
    requests.ask_cell(job, arm.name, cell)
    if arm.is_dense and (target,) == ticket.source:
        ask_lines(requests, job, cell)


def _going_back(arm: Arm, ticket: Ticket, target: str) -> Ticket:
    """The ticket as it would be if it went back to the point of an arm: on its source, or as a ticket of the target."""
    back = arm.rewind
    if back is None:
        return ticket
    usual = ticket.search_head == usual_head(ticket.resets)
    head = usual_head("everything") if usual or back.is_of_target else ticket.search_head
    its = evolve(ticket, rewind=back.point, resets="everything", search_head=head)
    is_own = not back.is_of_target or ticket.source == (target,)
    return its if is_own else evolve(its, source=(target,), recipe=None, limit=None)


def _depends_on_level(arm: Arm, ticket: Ticket) -> bool:
    """Whether an arm without a mask goes on from what a round of the search left, and so from one for each level."""
    return not arm.is_dense and (ticket.resets != "everything" or ticket.search_head == "carried")


def _mask_of(
    requests: Requests,
    arm: Arm,
    ticket: Ticket,
    level: Sparsity,
    ticket_mask: JobKey,
    partner_mask: JobKey | None,
    seeds: Seeds,
) -> JobKey | None:
    depends = requests.study.depends_on_ticket(arm, ticket)
    label = f"{f'{arm.name}.{ticket.label}' if depends else arm.name}@{level}/{seeds}"
    match arm.mask:
        case "none":
            return None
        case "ticket":
            return ticket_mask
        case "random global" | "random in each matrix":
            pattern = ticket.pruning.pattern  # with it every few neighbours, and so every matrix, have the share
            like = ticket_mask if arm.mask == "random in each matrix" and pattern is None else None
            draw = DrawMask(
                model=requests.facts.model,
                scope=ticket.pruning.scope,
                sparsity=level,
                seed=seeds.mask,
                like=like,
                pattern=pattern,
            )
            return requests.ask_mask(draw, f"{arm.name}: draw", label)
        case "inverted" | "union" | "intersection":
            masks = (ticket_mask,) if partner_mask is None else tuple(sorted((ticket_mask, partner_mask)))
            return requests.ask_mask(CombineMasks(operation=arm.mask, masks=masks), f"{arm.name}: combine", label)


def _weights_of(requests: Requests, arm: Arm, ticket: Ticket, found: Found, seeds: Seeds) -> Weights:
    match arm.weights:
        case "ticket":
            return origin_of(requests, ticket, found, seeds)
        case "pretrained":
            return Pretrained()
        case "random all":
            return RandomWeights(over="all", seed=seeds.weights)
        case "random pruned matrices":
            return RandomWeights(over="pruned matrices", seed=seeds.weights)
        case "shuffled within each matrix":
            return Shuffled(weights=origin_of(requests, ticket, found, seeds), seed=seeds.weights)
        case "shuffled layers":
            return Shuffled(weights=origin_of(requests, ticket, found, seeds), seed=seeds.weights, over="layers")
        case "run":
            raise ValueError("a run is not trained again")
