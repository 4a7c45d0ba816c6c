"""How masks are found: a path of levels, each pruned from the one before (paper, Algorithm 1)."""

from collections.abc import Mapping

from attrs import evolve, frozen

from ..jobs import FineTune, GivenMask, Gradually, JobKey, Pretrained, Prune, Reached
from ..study import Arm, MaskFile, Seeds, Ticket
from ..units import Sparsity
from ..vocabulary.prunings import PRUNINGS
from .requests import Requests
from .trainings import Found, fine_tune, from_the_start, origin_of, search_setting


@frozen(eq=False)
class Searches:
    """What was found by one run's seeds, and for each arm which tickets' masks it combines."""

    found: Mapping[Ticket, Mapping[Sparsity, Found]]
    partners: Mapping[str, Mapping[Ticket, tuple[Ticket, ...]]]

    def partner(self, arm: Arm, ticket: Ticket, level: Sparsity) -> JobKey | None:
        """The mask that an arm combines with the ticket's: of the same level and seeds. None: there is none."""
        for partner in self.partners[arm.name].get(ticket, ()):
            if level in self.found[partner]:
                return self.found[partner][level].mask
        return None


def search(requests: Requests, ticket: Ticket, seeds: Seeds) -> Mapping[Sparsity, Found]:
    """The masks of a ticket, level by level: train, prune, rewind, and again (paper, Algorithm 1)."""
    if ticket.given is not None:
        return {level: Found(_given(requests, ticket, ticket.given, level, seeds), None) for level in ticket.path}
    if ticket.pruning.rise is not None:
        return {level: _gradual_run(requests, ticket, level, seeds) for level in ticket.path}
    levels: dict[Sparsity, Found] = {}
    last: Found | None = None
    for round_number, level in enumerate(ticket.path, start=1):
        mask = last.mask if last else None
        trained: JobKey | None = None
        if _is_trained(ticket) and not (round_number == 1 and ticket.first == "prune"):
            setting = search_setting(requests, ticket, last, seeds)
            origin = origin_of(requests, ticket, last, seeds)
            group = "dense" if mask is None else f"{ticket.name}: train"
            job = fine_tune(requests, ticket, setting, origin, mask, keeps_weights=True)
            trained = requests.ask(job, group, f"{ticket.label} round {round_number}/{seeds}")
        prune = Prune(
            model=requests.facts.model,
            pruning=ticket.pruning,
            sparsity=level,
            weights=trained,
            start=mask,
            training=_looked_at(requests, ticket, trained, mask, seeds),
            seed=seeds.mask if PRUNINGS[ticket.pruning.method].reads == "nothing" else None,
            prunings=round_number,
        )
        found = requests.ask_mask(prune, f"{ticket.name}: prune", f"{ticket.label}@{level}/{seeds}")
        levels[level] = last = Found(found, trained)
    return levels


def _given(requests: Requests, ticket: Ticket, given: MaskFile, level: Sparsity, seeds: Seeds) -> JobKey:
    job = GivenMask(
        model=requests.facts.model,
        file=requests.facts.masks[given.name],
        missing=given.missing,
        scope=ticket.pruning.scope,
        sparsity=level,
    )
    return requests.ask_mask(job, f"{ticket.name}: read", f"{ticket.label}@{level}/{seeds}")


def _gradual_run(requests: Requests, ticket: Ticket, level: Sparsity, seeds: Seeds) -> Found:
    """One training from the pre-trained weights on, in which the sparsity rises to the level."""
    setting = from_the_start(requests, ticket, seeds)
    job = fine_tune(requests, ticket, setting, Pretrained(), None, keeps_weights=True)
    job = evolve(job, gradually=Gradually(pruning=ticket.pruning, sparsity=level))
    key = requests.ask_mask(job, f"{ticket.name}: prune", f"{ticket.label}@{level}/{seeds}")
    return Found(key, key)


def _is_trained(ticket: Ticket) -> bool:
    """Whether a search trains: not without a task, nor where neither the masks nor the weights would notice."""
    carries_on = ticket.resets != "everything" or ticket.search_head == "carried"
    return bool(ticket.source) and (PRUNINGS[ticket.pruning.method].reads != "nothing" or carries_on)


def _looked_at(
    requests: Requests, ticket: Ticket, trained: JobKey | None, mask: JobKey | None, seeds: Seeds
) -> FineTune | None:
    """The training whose first batches say where the loss would go: on the weights that are pruned, with their head."""
    if PRUNINGS[ticket.pruning.method].reads != "gradients":
        return None
    assert ticket.source, "a rule refuses gradients where there is no task"
    setting = from_the_start(requests, ticket, seeds, head=trained)
    return fine_tune(requests, ticket, setting, Pretrained() if trained is None else Reached(job=trained), mask)
