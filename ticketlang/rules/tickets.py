"""What must hold in tickets: in how they are pruned, in where they go back to, and in where they are trained."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Study, Ticket
from ..units import START, Sparsity
from ..vocabulary.prunings import PRUNINGS
from ..vocabulary.tasks import TASK_KINDS
from .levels import listed


def transferred_heads_are_fresh(study: Study) -> Iterator[Diagnostic]:
    def has_old_head(ticket: Ticket) -> bool:
        return ticket.transfer_head in {"rewound", "carried"}

    for ticket in filter(has_old_head, study.tickets):
        is_certain = _is_alone(study, ticket, "transfer_head", has_old_head)
        at = ticket.places.get("transfer_head", ticket.at)
        yield diagnostics.OldHeadInTransfer(at=at, is_certain=is_certain)


def rewound_heads_go_back_somewhere(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.resets == "nothing" and ticket.search_head == "rewound":
            yield diagnostics.NothingRewound(at=ticket.places.get("search_head", ticket.at))


def pretrained_heads_exist(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        targets = [name for t in study.transfers if t.ticket == ticket.name for name in t.targets]
        for policy, where, names in (
            (ticket.search_head, "search_head", ticket.source),
            (ticket.transfer_head, "transfer_head", targets),
        ):
            kinds = [study.tasks[name].kind for name in names if name in study.tasks]
            without = [kind for kind in kinds if not TASK_KINDS[kind].has_pretrained_head]
            if policy == "pretrained" and without:
                yield diagnostics.NoPretrainedHead(at=ticket.places.get(where, ticket.at), kind=without[0])


def scores_are_there_to_be_read(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        method = PRUNINGS[ticket.pruning.method]
        at = ticket.pruning.at or ticket.at
        name = method.name if ticket.pruning.rise is None else "gradual"
        needs_training = _goes_by_a_training(ticket)
        if (needs_training or method.reads == "gradients") and not ticket.source:
            yield diagnostics.NeedsData(at=at, method=name)
        elif needs_training and ticket.first == "prune":
            is_certain = _is_alone(study, ticket, "first", _goes_by_a_training)
            yield diagnostics.NeedsTraining(at=ticket.places.get("first", at), method=name, is_certain=is_certain)


def _goes_by_a_training(ticket: Ticket) -> bool:
    return PRUNINGS[ticket.pruning.method].reads == "movement" or ticket.pruning.rise is not None


def gradual_tickets_have_no_rounds(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.pruning.rise is not None and ticket.path != ticket.levels:
            is_certain = _is_alone(study, ticket, "rounds", lambda other: other.pruning.rise is not None)
            yield diagnostics.GradualRounds(at=ticket.places.get("rounds", ticket.at), is_certain=is_certain)


def patterns_have_one_sparsity(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.pruning.pattern is None:
            continue
        kept, of = ticket.pruning.pattern
        removed = Sparsity(1 - Fraction(kept, of))
        for level in ticket.path:
            if level != removed:
                at = ticket.places.get(f"sparsity {level}", ticket.places.get("sparsity", ticket.at))
                yield diagnostics.PatternSparsity(at=at, pattern=f"{kept}:{of}", removed=str(removed), level=str(level))


def levels_are_on_the_path(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        for level in ticket.levels:
            if level not in ticket.path:
                at = ticket.places.get(f"sparsity {level}", ticket.places.get("sparsity", ticket.at))
                yield diagnostics.LevelNotOnPath(at=at, level=str(level), path=listed(ticket.path))


def rewinding_needs_a_source(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if not ticket.source and (ticket.rewind != START or ticket.resets != "everything"):
            is_certain = _is_alone(study, ticket, "rewind", lambda other: not other.source)
            yield diagnostics.RewindNeedsSource(at=ticket.places.get("rewind", ticket.at), is_certain=is_certain)


SEARCHING = ("schedule", "first", "train", "batch", "rate", "warmup", "optimizer", "limit", "search_head")
GOES_BY_ITSELF = {"magnitude", "random"}  # methods whose scores are the same whatever is gone already


def fields_have_an_effect(study: Study) -> Iterator[Diagnostic]:
    """Where nothing is trained before there is a mask, of what a ticket itself says; what it inherits is for others."""
    for name in dict.fromkeys(ticket.name for ticket in study.tickets):
        tickets = [ticket for ticket in study.tickets if ticket.name == name]
        if any(ticket.source for ticket in tickets):
            continue
        whys = dict.fromkeys(SEARCHING, "nothing is trained first")
        if all(map(_has_one_way, tickets)):
            whys["rounds"] = "one shot and several rounds come to the same"
        places, source = tickets[0].places, tickets[0].source_name
        for field, why in whys.items():
            if field in places and "block" in places and _is_within(places[field], places["block"]):
                shown = "head ... in search" if field == "search_head" else field
                yield diagnostics.WithoutEffect(at=places[field], field=shown, why=f"with `source {source}` {why}")


def _has_one_way(ticket: Ticket) -> bool:
    return ticket.pruning.method in GOES_BY_ITSELF and ticket.pruning.allocation == "global"


def _is_alone(study: Study, ticket: Ticket, field: str, is_alike: Callable[[Ticket], bool]) -> bool:
    """Whether a ticket's own block says a field, and of all tickets that are made from it the same is to be said."""
    places = ticket.places
    is_own = field in places and "block" in places and _is_within(places[field], places["block"])
    return is_own and all(is_alike(other) for other in study.tickets if other.name == ticket.name)


def _is_within(inner: Span, outer: Span) -> bool:
    return inner.source == outer.source and outer.start <= inner.start and inner.stop <= outer.stop


def levels_have_names_of_their_own(study: Study) -> Iterator[Diagnostic]:
    """Of each ticket, whatever block or file it comes from: cells are told by the ticket and the level."""
    labels = dict.fromkeys(ticket.label for ticket in study.tickets)
    for label in labels:
        tickets = [ticket for ticket in study.tickets if ticket.label == label]
        levels = dict.fromkeys(level for ticket in tickets for level in ticket.path)
        names = [str(level) for level in levels]
        if alike := next((name for name in names if names.count(name) > 1), None):
            places = tickets[0].places
            at = places.get("rounds", places.get("sparsity", tickets[0].at))
            yield diagnostics.LevelsAlike(at=at, ticket=label, level=alike)


def masks_from_files_have_one_level(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.given is not None and len(ticket.path) > 1:
            what = f"has one level, and these are {len(ticket.path)}"
            yield diagnostics.MaskFromFile(at=ticket.places.get("sparsity", ticket.at), what=what)
        if ticket.given is not None and ticket.pruning.rise is not None:
            what = "is whole, and nothing is pruned gradually"
            yield diagnostics.MaskFromFile(at=ticket.places.get("prune", ticket.at), what=what)


def tickets_are_trained_somewhere(study: Study) -> Iterator[Diagnostic]:
    """A ticket is trained on its source, unless that is no task or several; and wherever a transfer takes it."""
    for name in dict.fromkeys(ticket.name for ticket in study.tickets):
        idle = [ticket for ticket in study.tickets if ticket.name == name and len(ticket.source) != 1]
        if idle and not any(transfer.ticket == name for transfer in study.transfers):
            at = idle[0].places.get("source", idle[0].at)
            yield diagnostics.NeverTransferred(at=at, ticket=name, source=idle[0].source_name)
