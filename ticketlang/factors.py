"""Study -> complaints about comparisons: whether a baseline differs from its ticket in what it names and nothing else.

The proof is about what runs: the jobs of both are planned over made-up digests, and their settings compared field by
field. One ticket of each kind, two levels and one target are enough, since no field depends on which ones they are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from attrs import evolve, frozen

from . import diagnostics
from .comparisons import WORDS, factors, said
from .diagnostics import Diagnostic
from .jobs import FineTune, JobKey, Prune
from .lay_out import lay_out
from .phrasing import statements_of_recipe
from .plan import Cell, Facts, Plan
from .source import Span
from .study import Arm, Seeds, Study, Ticket, Transfer

Trainings = list[tuple[Cell, JobKey]]


def confounded(study: Study) -> Iterator[Diagnostic]:
    """One complaint for each comparison in which more differs than its baseline names, or nothing does."""
    found: dict[object, Diagnostic] = {}
    for complaint in _complaints(study):
        found.setdefault((complaint.code, complaint.at), complaint)
    yield from found.values()


def _complaints(study: Study) -> Iterator[Diagnostic]:
    small = _smallest(study)
    plan = lay_out(small, Facts.made_up(small))
    trainings = _trainings(plan)
    for ticket in small.tickets:
        own = trainings[ticket.name, ticket]
        yield from _searches(plan, ticket, own)
        for arm in small.baselines:
            theirs = trainings[arm.name, ticket] or trainings[arm.name, None]  # shared where it is not its own
            yield from _comparison(plan, ticket, arm, tuple(_pairs(own, theirs)))


@frozen
class _Compared:
    """A baseline's training and that of the ticket beside it."""

    baseline: JobKey
    ticket: JobKey


def _comparison(plan: Plan, ticket: Ticket, arm: Arm, pairs: tuple[_Compared, ...]) -> Iterator[Diagnostic]:
    is_run = arm.weights == "run"
    goes_back = arm.rewind is not None  # with the head that was there, and from there on
    named = {
        "mask": arm.mask != "ticket",
        "weights": arm.weights != "ticket" or goes_back,
        "head": goes_back,
        "begins": goes_back,
        "gradually": is_run,
    }
    found = [factors(plan, pair.ticket, pair.baseline) for pair in pairs]
    differ = dict.fromkeys(field for fields in found for field in fields)
    beyond = sorted((field for field in differ if not named.get(field, False)), key=lambda field: field not in WORDS)
    if beyond:
        yield diagnostics.MoreThanItsFactor(
            at=_place_of(ticket, beyond),
            arm=arm.name,
            ticket=ticket.name,
            named=" and ".join(WORDS[field] for field, is_named in named.items() if is_named) or "nothing",
            beyond=said(beyond),
            is_dense=arm.mask == "none",
            seconds=((arm.at, "compared with it"),),
        )
    elif not all(found):
        yield diagnostics.NoFactor(at=arm.at, arm=arm.name, ticket=ticket.name)


def _pairs(own: Trainings, theirs: Trainings) -> Iterator[_Compared]:
    for cell, key in own:
        for other, baseline in theirs:
            if (other.target, other.seeds) == (cell.target, cell.seeds) and other.level in {cell.level, None}:
                yield _Compared(baseline, key)


def _trainings(plan: Plan) -> Mapping[tuple[str, Ticket | None], Trainings]:
    """The cells of each arm beside each ticket, or beside all of them."""
    found: dict[tuple[str, Ticket | None], Trainings] = defaultdict(list)
    for cell, key in plan.cells.items():
        found[cell.arm, cell.ticket].append((cell, key))
    return found


def _searches(plan: Plan, ticket: Ticket, own: Trainings) -> Iterator[Diagnostic]:
    """Whether a ticket is trained on its own source by the recipe that its mask was found with."""
    for cell, key in own:
        job = plan.jobs[key].job
        assert isinstance(job, FineTune)
        search = _search_of(plan, job.mask)
        if search is None or (cell.target,) != ticket.source or search.task.recipe == job.task.recipe:
            continue
        found = dict(zip(statements_of_recipe(search.task.recipe), statements_of_recipe(job.task.recipe), strict=True))
        differ = {ours: theirs for ours, theirs in found.items() if ours != theirs}
        yield diagnostics.SearchedOtherwise(
            at=next((ticket.places[said.word] for said in differ if said.word in ticket.places), ticket.at),
            ticket=ticket.name,
            search=", ".join(f"{said.word} {said.phrase}" for said in differ),
            training=", ".join(f"{said.word} {said.phrase}" for said in differ.values()),
        )
        return


def _search_of(plan: Plan, mask: JobKey | None) -> FineTune | None:
    """The training whose weights were pruned to get a mask."""
    pruning = plan.jobs[mask].job if mask is not None else None
    if not isinstance(pruning, Prune) or pruning.weights is None:
        return None
    job = plan.jobs[pruning.weights].job
    return job if isinstance(job, FineTune) else None


def _place_of(ticket: Ticket, beyond: list[str]) -> Span:
    """What of a ticket makes it differ."""
    heads = ("search_head", "transfer_head")
    words = {"head": (*heads, "rewind"), "begins": ("rewind",)}
    wanted = [word for field in beyond for word in words.get(field, (field.rpartition(" ")[2],))]
    return next((ticket.places[word] for word in (*wanted, "rewind", "head") if word in ticket.places), ticket.at)


def _smallest(study: Study) -> Study:
    """A seed or two, one ticket of each kind, two levels of it, and one target beside its own source."""
    kinds: dict[object, Ticket] = {}
    with_own_heads = {task.name for task in study.tasks.values() if task.head == "pretrained"}
    for ticket in study.tickets:
        policies = (ticket.rewind, ticket.resets, ticket.first, ticket.search_head, ticket.transfer_head, ticket.recipe)
        heads = with_own_heads.issuperset(ticket.source)
        found = (ticket.pruning, ticket.limit, ticket.given is None, min(len(ticket.source), 2), heads)
        kinds.setdefault((ticket.name, policies, found), ticket)
    tickets = tuple(evolve(ticket, path=ticket.path[:2], levels=ticket.path[:2]) for ticket in kinds.values())
    transfers = tuple(transfer for ticket in tickets for transfer in study.transfers if transfer.ticket == ticket.name)
    return evolve(
        study,
        seeds=_seeds_of(study),
        tickets=tickets,
        transfers=tuple(_shortened(transfer, tickets, with_own_heads) for transfer in transfers),
    )


def _seeds_of(study: Study) -> tuple[Seeds, ...]:
    """The first, and the first whose roles have seeds of their own."""
    apart = next((seeds for seeds in study.seeds if seeds.search != seeds.head), None)
    return tuple(dict.fromkeys((study.seeds[0], *(() if apart is None else (apart,)))))


def _shortened(transfer: Transfer, tickets: tuple[Ticket, ...], with_own_heads: Collection[str]) -> Transfer:
    """To one target that is nobody's source, or to one at all; where heads differ, to one that has none of its own."""
    its = [ticket for ticket in tickets if ticket.name == transfer.ticket]
    elsewhere = [target for target in transfer.targets if all((target,) != ticket.source for ticket in its)]
    targets = sorted(elsewhere or transfer.targets, key=lambda target: target in with_own_heads)
    return evolve(transfer, levels=its[0].levels[-1:], targets=tuple(targets[:1]))
