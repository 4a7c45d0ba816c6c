"""What a training begins with: a task, a head, weights and a point, in the rounds of a search and after it."""

from attrs import evolve, frozen

from ..jobs import (
    FineTune,
    JobKey,
    PartlyRewound,
    Pretrained,
    PretrainedHead,
    Reached,
    ReachRewindPoint,
    TrainingSeeds,
    Weights,
)
from ..study import Recipe, Seeds, Task, Ticket
from ..units import START
from ..vocabulary.prunings import PRUNINGS
from ..vocabulary.tasks import TASK_KINDS
from .requests import Requests


@frozen(kw_only=True)
class Setting:
    """Everything of a training but the mask and the weights: what a ticket and its baselines have in common."""

    task: Task
    joined: tuple[Task, ...]
    head: JobKey | PretrainedHead | None
    resumes: bool  # training sets in at the rewind point instead of beginning anew
    seeds: TrainingSeeds


@frozen
class Found:
    """A level of a search."""

    mask: JobKey
    trained: JobKey | None  # the training that was pruned; None: the pre-trained weights were, as they are


def from_the_start(requests: Requests, ticket: Ticket, seeds: Seeds, head: JobKey | None = None) -> Setting:
    """A training of the search from its beginning, with a head of some job, or with one that no training has seen."""
    task, joined = _source_task(requests, ticket)
    unseen = _pretrained_head(task, *joined) if ticket.search_head == "pretrained" else None
    return Setting(task=task, joined=joined, head=head or unseen, resumes=False, seeds=_search_seeds(seeds))


def search_setting(requests: Requests, ticket: Ticket, last: Found | None, seeds: Seeds) -> Setting:
    task, joined = _source_task(requests, ticket)
    return Setting(
        task=task,
        joined=joined,
        head=_search_head(requests, ticket, last, seeds),
        resumes=_resumes(ticket, last),
        seeds=_search_seeds(seeds),
    )


def target_setting(requests: Requests, ticket: Ticket, target: str, found: Found, seeds: Seeds) -> Setting:
    """On its own source a ticket is treated as in its search, so that this training is the next round; if it goes on
    from a point of the search, then by the search's recipe. On any other target it begins anew, with a fresh head."""
    is_own = (target,) == ticket.source
    resumes = is_own and _resumes(ticket, found)
    task = requests.study.tasks[target]
    elsewhere = _pretrained_head(task) if ticket.transfer_head == "pretrained" else None
    return Setting(
        task=_source_task(requests, ticket)[0] if resumes else task,
        joined=(),
        head=_search_head(requests, ticket, found, seeds) if is_own else elsewhere,
        resumes=resumes,
        seeds=TrainingSeeds(
            head=seeds.head,
            order=seeds.order,
            dropout=seeds.dropout,
            subset=seeds.subset,
            masking=seeds.masking if _masks_words(task) and seeds.masking != seeds.order else None,
        ),
    )


def _resumes(ticket: Ticket, last: Found | None) -> bool:
    """Whether a round sets in at the rewind point. Where weights go on, the first one begins at the start."""
    return ticket.rewind != START and (ticket.resets != "nothing" or (last is not None and last.trained is not None))


def _masks_words(task: Task) -> bool:
    """Whether the text is its own answer: whatever the seed of masking, other tasks are trained the same."""
    return not TASK_KINDS[task.kind].has_label


def _search_head(
    requests: Requests, ticket: Ticket, last: Found | None, seeds: Seeds
) -> JobKey | PretrainedHead | None:
    """The head that a round begins with. None: a fresh one, which is also what a head is rewound to at 0 steps."""
    match ticket.search_head:
        case "fresh":
            return None
        case "pretrained":
            task, joined = _source_task(requests, ticket)
            return _pretrained_head(task, *joined)
        case "carried":
            return last.trained if last is not None else None
        case "rewound":
            return None if ticket.rewind == START else _rewind_point(requests, ticket, seeds)


def _pretrained_head(*tasks: Task) -> PretrainedHead | None:
    """None where each task begins with it anyway, so that both ways to say it are one training."""
    return None if all(task.head == "pretrained" for task in tasks) else PretrainedHead()


def _source_task(requests: Requests, ticket: Ticket) -> tuple[Task, tuple[Task, ...]]:
    """The task that a ticket is searched on, and those it is joined with, all of them by the recipe of the first."""
    tasks = (requests.study.tasks[name] for name in ticket.source)
    first, *others = (evolve(task, limit=ticket.limit_on(task)) for task in tasks)
    recipe: Recipe = ticket.recipe or first.recipe
    return evolve(first, recipe=recipe), tuple(evolve(task, recipe=recipe) for task in others)


def _search_seeds(seeds: Seeds) -> TrainingSeeds:
    return TrainingSeeds(head=seeds.search, order=seeds.search, dropout=seeds.search, subset=seeds.subset)


def origin_of(
    requests: Requests, ticket: Ticket, last: Found | None, seeds: Seeds
) -> Pretrained | Reached | PartlyRewound:
    """What a round begins with once `last` was found: the rewind point, or what training left, or some of both."""
    point = _rewound(requests, ticket, seeds)
    if last is None or last.trained is None or ticket.resets == "everything":
        return point
    if ticket.resets == "nothing":
        return Reached(job=last.trained)
    return PartlyRewound(matrices=point, rest=last.trained)


def _rewound(requests: Requests, ticket: Ticket, seeds: Seeds) -> Pretrained | Reached:
    """Where the surviving weights of a ticket go back to: theta_0, or theta_i of dense training on the source."""
    if ticket.rewind == START or ticket.resets == "nothing" or not ticket.source:
        return Pretrained()
    return Reached(job=_rewind_point(requests, ticket, seeds))


def _rewind_point(requests: Requests, ticket: Ticket, seeds: Seeds) -> JobKey:
    task, joined = _source_task(requests, ticket)
    point = ReachRewindPoint(
        model=requests.facts.model,
        task=task,
        joined=joined,
        data=requests.data(ticket.source),
        until=ticket.rewind,
        seeds=_search_seeds(seeds),
        precision=requests.study.precision,
    )
    label = f"{ticket.source_name} at {ticket.rewind}/{seeds}"
    return requests.ask(point, f"{ticket.name}: rewind point", label)


def fine_tune(
    requests: Requests,
    ticket: Ticket,
    setting: Setting,
    weights: Weights,
    mask: JobKey | None,
    *,
    keeps_weights: bool = False,
) -> FineTune:
    """Where the weights are kept for a pruning that reads more of the training than these, that is kept, too."""
    return FineTune(
        model=requests.facts.model,
        task=setting.task,
        joined=setting.joined,
        data=requests.data((setting.task.name, *(task.name for task in setting.joined))),
        weights=weights,
        mask=mask,
        head=setting.head,
        begins=ticket.rewind if setting.resumes else None,
        seeds=setting.seeds,
        precision=requests.study.precision,
        keeps_weights=keeps_weights,
        keeps_movement=keeps_weights and PRUNINGS[ticket.pruning.method].reads == "movement",
    )
