"""What must hold in baselines."""

from collections.abc import Iterator

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..elaborate.nearest import nearest
from ..study import Study
from ..units import START

GO_BACK = {"ticket", "shuffled within each matrix", "shuffled layers"}
OF_MASKED_MATRICES = {"random pruned matrices", "shuffled within each matrix", "shuffled layers"}


def weights_are_those_of_a_mask(study: Study) -> Iterator[Diagnostic]:
    for arm in study.baselines:
        if arm.mask == "none" and arm.weights in OF_MASKED_MATRICES:
            yield diagnostics.WeightsNeedMask(at=arm.at, arm=arm.name, weights=arm.weights)


def what_goes_back_was_there(study: Study) -> Iterator[Diagnostic]:
    """At a point of a training: weights of tickets were, shuffled or not, and there is a task to be trained on."""
    for arm in study.baselines:
        if arm.rewind is None:
            continue
        if arm.weights not in GO_BACK:
            yield diagnostics.NothingGoesBack(at=arm.rewind.at, arm=arm.name, weights=arm.weights)
        elif arm.rewind.point != START and not arm.rewind.is_of_target and not all(t.source for t in study.tickets):
            yield diagnostics.RewindNeedsSource(at=arm.rewind.at)


def partners_are_there(study: Study) -> Iterator[Diagnostic]:
    names = tuple(dict.fromkeys(ticket.name for ticket in study.tickets))
    for arm in study.baselines:
        if arm.partner is None or not study.tickets:
            continue
        if arm.partner.ticket not in names:
            yield diagnostics.UnknownTicket(
                at=arm.partner.at, name=arm.partner.ticket, nearest=nearest(arm.partner.ticket, names)
            )
            continue
        pairs = study.partners(arm).items()
        several = [partners for _, partners in pairs if len(partners) > 1]
        in_common = [level for ticket, (partner, *_) in pairs for level in ticket.path if level in partner.path]
        scopes = {ticket.pruning.scope for ticket in study.tickets if ticket.name == arm.partner.ticket}
        apart = [ticket for ticket in study.tickets if ticket.pruning.scope not in scopes]
        partner = str(arm.partner)
        if several:
            labels = tuple(ticket.label for ticket in several[0])
            yield diagnostics.PartnerUnclear(at=arm.partner.at, partner=partner, labels=labels)
        elif apart and not pairs:
            yield diagnostics.PartnerElsewhere(at=arm.partner.at, partner=partner, ticket=apart[0].label)
        elif not in_common:
            yield diagnostics.NoPartner(at=arm.partner.at, partner=partner)


def gradual_runs_are_there(study: Study) -> Iterator[Diagnostic]:
    for arm in study.baselines:
        if arm.weights == "run" and not any(ticket.pruning.rise for ticket in study.tickets):
            yield diagnostics.NoGradualRun(at=arm.at, arm=arm.name)


def differs_in_arms_alone(study: Study) -> bool:
    """Whether tickets and baselines can differ in nothing but masks and weights: the usual case.

    Known without planning anything; `factors.py` has the proof for all others.
    """
    named = all(arm.mask != "ticket" or arm.weights not in {"ticket", "pretrained"} for arm in study.baselines)
    is_drawn_twice = any(ticket.pruning.method == "random" for ticket in study.tickets)
    return (
        named
        and not is_drawn_twice
        and not any(arm.weights == "run" for arm in study.baselines)
        and all(
            ticket.rewind == START
            and ticket.resets == "everything"
            and ticket.search_head in {"rewound", "fresh"}
            and ticket.transfer_head == "fresh"
            and ticket.recipe is None
            for ticket in study.tickets
        )
    )
