"""The ticket of a cell, for others: which mask it is, what came before it, and what the study found of it."""

from fractions import Fraction
from pathlib import Path

from ticketlang.jobs import FineTune, Interpolate, JobKey, MaskJob, Prune
from ticketlang.plan import Plan, PlannedJob
from ticketlang.units import Sparsity

from .exchange import Ticket
from .failures import ExchangeError
from .reports import Evidence, model_name
from .reports.card import Subject, card
from .store import Artifact, Store


def ticket_of(
    name: str,
    planned: PlannedJob,
    plan: Plan,
    store: Store | None,
    spec: Path,
    revision: str | None,
    *,
    with_search: bool = True,
) -> Ticket:
    """Find the mask of a cell, or one that is named by itself.

    Args:
        with_search: and those of the rounds before it, which must be there then.
        revision: the commit of the model on the hub; None: it is from elsewhere.

    Raises:
        ExchangeError: there is no mask, or it is not there yet.
    """
    job = planned.job
    makes_it = isinstance(job, MaskJob) or (isinstance(job, FineTune) and job.gradually is not None)
    key = planned.key if makes_it else job.mask if isinstance(job, FineTune | Interpolate) else None
    if key is None:
        raise ExchangeError(f"`{name}` has no mask: there is no ticket to export")
    if store is None or key not in store.known([key]):
        raise ExchangeError(f"the mask of `{name}` is not there yet; `ticketrun run {spec} --cell '{name}'` makes it")
    return Ticket(
        name=name,
        model=plan.facts.model,
        base=model_name(plan.study),
        revision=revision,
        job=job if isinstance(job, FineTune) and not makes_it else _trained_under(plan, key),
        search=_search(plan, store, key, with_search=with_search),
        spec=spec,
    )


def card_of(ticket: Ticket, layout: str, evidence: Evidence) -> str:
    """The model card that goes with a ticket."""
    model = evidence.study.model
    hub = model.name if model.origin == "hub" else None
    subject = Subject(ticket=ticket, layout=layout, hub=hub)
    return card(subject, evidence, ticket.spec.read_text(encoding="utf-8-sig"))


def _trained_under(plan: Plan, mask: JobKey) -> FineTune | None:
    """The first training of the plan that a mask is held in."""
    jobs = (planned.job for planned in plan.jobs.values())
    return next((job for job in jobs if isinstance(job, FineTune) and job.mask == mask), None)


def _search(plan: Plan, store: Store, mask: JobKey, *, with_search: bool) -> tuple[tuple[str, Artifact], ...]:
    """Levels and masks of the rounds that a mask ends, the first one first; or the last one alone."""
    found: list[tuple[str, Artifact]] = []
    at: JobKey | None = mask
    while at is not None:
        job, artifact = plan.jobs[at].job, store.artifact(at)
        level = Sparsity(Fraction(artifact.result["removed"], artifact.result["total"]))
        found.append((str(level), artifact))
        at = job.start if with_search and isinstance(job, Prune) else None
    return tuple(reversed(found))
