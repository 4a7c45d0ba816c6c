"""Study -> Plan: which jobs answer which cells, what is shared, and what is known already.

Requests are made in the order in which people think of them, and those for the same job meet: `evaluate the ticket of
30% on its own task` and `train round two` are one, and so are all baselines that do not depend on a ticket's source.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from attrs import evolve, frozen

from .connectivity import ask_lines
from .jobs import (
    CombineMasks,
    DrawMask,
    FineTune,
    GivenMask,
    Gradually,
    JobKey,
    PartlyRewound,
    Pretrained,
    PretrainedHead,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    TrainingSeeds,
    Weights,
    inputs_of,
)
from .plan import Cell, Facts, Known, Plan, PlannedJob
from .requests import Requests
from .study import Arm, MaskFile, Recipe, Seeds, Study, Task, Ticket
from .units import START, Sparsity
from .vocabulary.prunings import PRUNINGS
from .vocabulary.tasks import TASK_KINDS

KnownResults = Callable[[Collection[JobKey]], Mapping[JobKey, Known]]


def nothing_known(keys: Collection[JobKey]) -> Mapping[JobKey, Known]:
    """What an empty store knows."""
    return {}


def lay_out(study: Study, facts: Facts, known_results: KnownResults = nothing_known) -> Plan:
    """The plan of a study: a pure function of what it says, of what it reads, and of what is known."""
    requests = Requests(study, facts)
    partners = {arm.name: study.partners(arm) for arm in study.baselines}
    for seeds in study.seeds:
        searches = Searches({ticket: _search(requests, ticket, seeds) for ticket in study.tickets}, partners)
        for ticket in study.tickets:
            for level, target in _trainings(study, ticket):
                _answer(requests, ticket, level, target, searches, seeds)
    known = known_results(requests.jobs.keys())
    to_run = _to_run(requests, known)
    return Plan(
        study=study,
        facts=facts,
        jobs={
            key: PlannedJob(
                key=key,
                job=job,
                group=requests.groups[key],
                labels=tuple(requests.labels[key]),
                known=None if key in to_run else known[key],
            )
            for key, job in requests.jobs.items()
            if key in to_run or key in known
        },
        cells=requests.cells,
        masks=requests.masks,
        lines=requests.lines,
    )


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


def _search(requests: Requests, ticket: Ticket, seeds: Seeds) -> Mapping[Sparsity, Found]:
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
            setting = _search_setting(requests, ticket, last, seeds)
            origin = _origin(requests, ticket, last, seeds)
            group = "dense" if mask is None else f"{ticket.name}: train"
            job = _fine_tune(requests, ticket, setting, origin, mask, keeps_weights=True)
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
    setting = _from_the_start(requests, ticket, seeds)
    job = _fine_tune(requests, ticket, setting, Pretrained(), None, keeps_weights=True)
    job = evolve(job, gradually=Gradually(pruning=ticket.pruning, sparsity=level))
    key = requests.ask_mask(job, f"{ticket.name}: prune", f"{ticket.label}@{level}/{seeds}")
    return Found(key, key)


def _from_the_start(requests: Requests, ticket: Ticket, seeds: Seeds, head: JobKey | None = None) -> Setting:
    """A training of the search from its beginning, with a head of some job, or with one that no training has seen."""
    task, joined = _source_task(requests, ticket)
    unseen = PretrainedHead() if ticket.search_head == "pretrained" else None
    return Setting(task=task, joined=joined, head=head or unseen, resumes=False, seeds=_search_seeds(seeds))


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
    setting = _from_the_start(requests, ticket, seeds, head=trained)
    return _fine_tune(requests, ticket, setting, Pretrained() if trained is None else Reached(job=trained), mask)


def _trainings(study: Study, ticket: Ticket) -> Iterator[tuple[Sparsity, str]]:
    """Where a ticket is trained and scored: on its own source at every level, and wherever it is transferred to."""
    transfers = {
        (level, target)
        for transfer in study.transfers
        if transfer.ticket == ticket.name
        for level in transfer.levels
        for target in transfer.targets
    }
    for level in ticket.path:
        for target in study.tasks:
            is_own = level in ticket.levels and (target,) == ticket.source
            if is_own or (level, target) in transfers:
                yield level, target


def _answer(
    requests: Requests,
    ticket: Ticket,
    level: Sparsity,
    target: str,
    searches: Searches,
    seeds: Seeds,
) -> None:
    """Ask for the cell of a ticket, and for those of every baseline that it is compared with."""
    found = searches.found[ticket][level]
    setting = _target_setting(requests, ticket, target, found, seeds)
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
    origin = _origin(requests, ticket, found, seeds)
    job = _fine_tune(requests, ticket, setting, origin, found.mask, keeps_weights=is_own)
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
    if _is_reference(arm):  # dense training is whole: it has no point to go on from
        setting = evolve(setting, task=requests.study.tasks[target], head=None, resumes=False)
    cell = Cell(
        arm=arm.name,
        ticket=ticket if _depends_on_ticket(requests.study, arm, ticket) else None,
        level=level if arm.mask != "none" or _depends_on_level(arm, ticket) else None,
        target=target,
        seeds=seeds,
    )
    job = _fine_tune(requests, ticket, setting, _weights_of(requests, arm, ticket, found, seeds), mask)
    requests.ask_cell(job, arm.name, cell)
    if _is_reference(arm) and (target,) == ticket.source:
        ask_lines(requests, job, cell)


def _depends_on_ticket(study: Study, arm: Arm, ticket: Ticket) -> bool:
    """Whether another ticket of the same level may give this arm another result."""
    takes_mask = arm.mask not in {"none", "random global"}
    draws_from_scope = arm.mask == "random global" and len({t.pruning.scope for t in study.tickets}) > 1
    keeps_head = ticket.search_head in {"carried", "pretrained"}  # on its own source, where a transfer has a fresh one
    takes_training = ticket.rewind != START or ticket.resets != "everything" or keeps_head
    return not _is_reference(arm) and (takes_training or takes_mask or draws_from_scope)


def _depends_on_level(arm: Arm, ticket: Ticket) -> bool:
    """Whether an arm without a mask goes on from what a round of the search left, and so from one for each level."""
    return not _is_reference(arm) and (ticket.resets != "everything" or ticket.search_head == "carried")


def _is_reference(arm: Arm) -> bool:
    """Whether the arm is the dense pre-trained network, trained from the start."""
    return arm.mask == "none" and arm.weights == "pretrained"


def _mask_of(
    requests: Requests,
    arm: Arm,
    ticket: Ticket,
    level: Sparsity,
    ticket_mask: JobKey,
    partner_mask: JobKey | None,
    seeds: Seeds,
) -> JobKey | None:
    depends = _depends_on_ticket(requests.study, arm, ticket)
    label = f"{f'{arm.name}.{ticket.label}' if depends else arm.name}@{level}/{seeds}"
    match arm.mask:
        case "none":
            return None
        case "ticket":
            return ticket_mask
        case "random global" | "random in each matrix":
            like = ticket_mask if arm.mask == "random in each matrix" else None
            draw = DrawMask(
                model=requests.facts.model, scope=ticket.pruning.scope, sparsity=level, seed=seeds.mask, like=like
            )
            return requests.ask_mask(draw, f"{arm.name}: draw", label)
        case "inverted" | "union" | "intersection":
            masks = (ticket_mask,) if partner_mask is None else tuple(sorted((ticket_mask, partner_mask)))
            return requests.ask_mask(CombineMasks(operation=arm.mask, masks=masks), f"{arm.name}: combine", label)


def _weights_of(requests: Requests, arm: Arm, ticket: Ticket, found: Found, seeds: Seeds) -> Weights:
    match arm.weights:
        case "ticket":
            return _origin(requests, ticket, found, seeds)
        case "pretrained":
            return Pretrained()
        case "random all":
            return RandomWeights(over="all", seed=seeds.weights)
        case "random pruned matrices":
            return RandomWeights(over="pruned matrices", seed=seeds.weights)
        case "shuffled within each matrix":
            return Shuffled(weights=_origin(requests, ticket, found, seeds), seed=seeds.weights)
        case "shuffled layers":
            return Shuffled(weights=_origin(requests, ticket, found, seeds), seed=seeds.weights, over="layers")
        case "run":
            raise ValueError("a run is not trained again")


def _origin(
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


def _search_setting(requests: Requests, ticket: Ticket, last: Found | None, seeds: Seeds) -> Setting:
    task, joined = _source_task(requests, ticket)
    return Setting(
        task=task,
        joined=joined,
        head=_search_head(requests, ticket, last, seeds),
        resumes=_resumes(ticket, last),
        seeds=_search_seeds(seeds),
    )


def _resumes(ticket: Ticket, last: Found | None) -> bool:
    """Whether a round sets in at the rewind point. Where weights go on, the first one begins at the start."""
    return ticket.rewind != START and (ticket.resets != "nothing" or (last is not None and last.trained is not None))


def _target_setting(requests: Requests, ticket: Ticket, target: str, found: Found, seeds: Seeds) -> Setting:
    """On its own source a ticket is treated as in its search, so that this training is the next round; if it goes on
    from a point of the search, then by the search's recipe. On any other target it begins anew, with a fresh head."""
    is_own = (target,) == ticket.source
    resumes = is_own and _resumes(ticket, found)
    return Setting(
        task=_source_task(requests, ticket)[0] if resumes else requests.study.tasks[target],
        joined=(),
        head=_search_head(requests, ticket, found, seeds) if is_own else _head_elsewhere(ticket),
        resumes=resumes,
        seeds=TrainingSeeds(
            head=seeds.head,
            order=seeds.order,
            dropout=seeds.dropout,
            subset=seeds.subset,
            masking=seeds.masking if _masks_words(requests.study.tasks[target]) else None,
        ),
    )


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
            return PretrainedHead()
        case "carried":
            return last.trained if last is not None else None
        case "rewound":
            return None if ticket.rewind == START else _rewind_point(requests, ticket, seeds)


def _head_elsewhere(ticket: Ticket) -> PretrainedHead | None:
    return PretrainedHead() if ticket.transfer_head == "pretrained" else None


def _source_task(requests: Requests, ticket: Ticket) -> tuple[Task, tuple[Task, ...]]:
    """The task that a ticket is searched on, and those it is joined with, all of them by the recipe of the first."""
    sources = (requests.study.tasks[name] for name in ticket.source)
    if ticket.limit is not None:
        limit = None if ticket.limit == "all" else ticket.limit
        sources = (evolve(task, limit=limit) for task in sources)
    first, *others = sources
    recipe: Recipe = ticket.recipe or first.recipe
    return evolve(first, recipe=recipe), tuple(evolve(task, recipe=recipe) for task in others)


def _search_seeds(seeds: Seeds) -> TrainingSeeds:
    return TrainingSeeds(head=seeds.search, order=seeds.search, dropout=seeds.search, subset=seeds.subset)


def _fine_tune(
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


def _to_run(requests: Requests, known: Mapping[JobKey, Known]) -> frozenset[JobKey]:
    """What has to run: goals that are not known, and whatever these need, back to what is known.

    Goals are the cells, the masks behind them, and the lines between trainings. Trained weights that were dropped are
    made again only if something that is to run begins with them, prunes them, or goes from them to others.
    """
    goals = {*requests.cells.values(), *requests.masks, *requests.lines.values()}
    readers: dict[JobKey, list[JobKey]] = {}
    to_run: set[JobKey] = set()
    for key in reversed(requests.jobs):
        running = [reader for reader in readers.get(key, ()) if reader in to_run]
        job, result = requests.jobs[key], known.get(key)
        is_wanted = bool(running) or (result is None and key in goals)
        if is_wanted and (result is None or not result.serves(job)):
            to_run.add(key)
        for needed in inputs_of(job):
            readers.setdefault(needed, []).append(key)
    return frozenset(to_run)
