"""What must hold in a study whose every part is understood. A rule yields one complaint per offence, at its place.

Rules about what a study reads are not here: what cannot be known without the data is found where it is read.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

from . import diagnostics
from .diagnostics import Diagnostic
from .elaborate.nearest import nearest
from .source import Span
from .study import Arm, ArmPattern, Claim, PublishedNumber, Recipe, Study, Task, Ticket
from .units import START, Duration, Sparsity
from .vocabulary.metrics import METRICS
from .vocabulary.prunings import PRUNINGS
from .vocabulary.tasks import TASK_KINDS, WINDOWED

Rule = Callable[[Study], Iterator[Diagnostic]]


def broken_rules(study: Study, is_whole: bool = True) -> tuple[Diagnostic, ...]:
    """Every offence against every rule, each once.

    Args:
        is_whole: every part of the study was understood. Rules on how parts fit together are not asked otherwise: what
            they miss may be among the parts that were left out.
    """
    rules = (*RULES_OF_PARTS, *RULES) if is_whole else RULES_OF_PARTS
    found: dict[object, Diagnostic] = {}
    for rule in rules:
        for offence in rule(study):
            found.setdefault((offence.code, offence.at.source, offence.at.start, offence.at.stop), offence)
    return tuple(found.values())


# Tasks


def text_columns_fit_the_kind(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        expected = TASK_KINDS[task.kind].texts
        if len(task.text) != expected:
            at = task.places.get("text", task.at)
            yield diagnostics.TextColumns(at=at, kind=task.kind, expected=expected, found=len(task.text))


def labels_are_where_they_are_needed(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        has_label = TASK_KINDS[task.kind].has_label
        if has_label and task.label is None:
            yield diagnostics.NeedsLabel(at=task.at, kind=task.kind)
        elif not has_label and task.label is not None:
            yield diagnostics.NeedlessLabel(at=task.places.get("label", task.at), kind=task.kind)


def metrics_fit_the_kind(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        fitting = tuple(metric.name for metric in METRICS.values() if task.kind in metric.kinds)
        for metric in task.metrics:
            if metric not in fitting:
                at = task.places.get("metric", task.at)
                yield diagnostics.MetricDoesNotFit(at=at, metric=metric, kind=task.kind, fitting=fitting)


def strides_are_those_of_windows(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if task.kind != WINDOWED and "stride" in task.places:
            yield diagnostics.NeedlessStride(at=task.places["stride"], kind=task.kind)


def tasks_with_pretrained_heads_have_them(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if task.head == "pretrained" and not TASK_KINDS[task.kind].has_pretrained_head:
            yield diagnostics.NoPretrainedHead(at=task.places.get("head", task.at), kind=task.kind)


# Arms


def weights_are_those_of_a_mask(study: Study) -> Iterator[Diagnostic]:
    for arm in study.baselines:
        if arm.mask == "none" and arm.weights in {"random pruned matrices", "shuffled within each matrix"}:
            yield diagnostics.WeightsNeedMask(at=arm.at, arm=arm.name, weights=arm.weights)


# Tickets


def transferred_heads_are_fresh(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.transfer_head in {"rewound", "carried"}:
            yield diagnostics.OldHeadInTransfer(at=ticket.places.get("transfer_head", ticket.at))


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
        needs_training = method.reads == "movement" or ticket.pruning.rise is not None
        if (needs_training or method.reads == "gradients") and not ticket.source:
            yield diagnostics.NeedsData(at=at, method=name)
        elif needs_training and ticket.first == "prune":
            yield diagnostics.NeedsTraining(at=ticket.places.get("first", at), method=name)


def gradual_tickets_have_no_rounds(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.pruning.rise is not None and ticket.path != ticket.levels:
            yield diagnostics.GradualRounds(at=ticket.places.get("rounds", ticket.at))


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
                yield diagnostics.LevelNotOnPath(at=at, level=str(level), path=_listed(ticket.path))


def rewinding_needs_a_source(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if not ticket.source and (ticket.rewind != START or ticket.resets != "everything"):
            yield diagnostics.RewindNeedsSource(at=ticket.places.get("rewind", ticket.at))


def masks_from_files_have_one_level(study: Study) -> Iterator[Diagnostic]:
    for ticket in study.tickets:
        if ticket.given is not None and len(ticket.path) > 1:
            what = f"has one level, and these are {len(ticket.path)}"
            yield diagnostics.MaskFromFile(at=ticket.places.get("sparsity", ticket.at), what=what)
        if ticket.given is not None and ticket.pruning.rise is not None:
            what = "is whole, and nothing is pruned gradually"
            yield diagnostics.MaskFromFile(at=ticket.places.get("prune", ticket.at), what=what)


def rewinding_leaves_something_to_train(study: Study) -> Iterator[Diagnostic]:
    """Asked where both lengths have one unit; in others they are compared when the data is there, by the job."""
    for ticket in study.tickets:
        recipe = ticket.recipe or (study.tasks[ticket.source[0]].recipe if _sources_known(study, ticket) else None)
        if recipe is not None and _reaches(ticket.rewind, recipe.train):
            at = ticket.places.get("rewind", ticket.at)
            yield diagnostics.RewindBeyondTraining(at=at, rewind=str(ticket.rewind), train=str(recipe.train))


def warmups_end_before_training(study: Study) -> Iterator[Diagnostic]:
    for task in study.tasks.values():
        if _reaches(task.recipe.warmup, task.recipe.train):
            yield _warmup_too_long(task.places.get("warmup", task.at), task.recipe)
    for ticket in study.tickets:
        if ticket.recipe is not None and _reaches(ticket.recipe.warmup, ticket.recipe.train):
            at = ticket.places.get("warmup", ticket.places.get("train", ticket.at))
            yield _warmup_too_long(at, ticket.recipe)


def tickets_are_trained_somewhere(study: Study) -> Iterator[Diagnostic]:
    for name in dict.fromkeys(ticket.name for ticket in study.tickets):
        tickets = [ticket for ticket in study.tickets if ticket.name == name]
        if not any(ticket.source for ticket in tickets) and not any(t.ticket == name for t in study.transfers):
            yield diagnostics.NeverTransferred(at=tickets[0].at, ticket=name)


def transferred_levels_exist(study: Study) -> Iterator[Diagnostic]:
    blocks = _blocks(study)
    for transfer in study.transfers:
        levels = blocks.get(transfer.ticket)
        for level in transfer.levels:
            if levels and level not in levels:
                at = transfer.places.get(f"at {level}", transfer.at)
                yield _no_such_level(at, transfer.ticket, level, levels)


# Claims


def claimed_levels_exist(study: Study) -> Iterator[Diagnostic]:
    blocks = _blocks(study)
    for claim in study.claims:
        for side, pattern in _sides(claim):
            arm, levels = _baseline(study, pattern.arm), blocks.get(pattern.arm)
            at = claim.places.get(f"{side} at", claim.at)
            if pattern.level is None:
                continue
            if arm is not None and arm.mask == "none":
                yield diagnostics.OneDenseLevel(at=at, arm=pattern.arm, level=str(pattern.level))
            elif levels and pattern.level not in levels:
                yield _no_such_level(at, pattern.arm, pattern.level, levels)


def claimed_levels_of_baselines_exist(study: Study) -> Iterator[Diagnostic]:
    """A baseline is run wherever a ticket is: this needs all of them."""
    levels = tuple(dict.fromkeys(level for levels in _blocks(study).values() for level in levels))
    for claim in study.claims:
        for side, pattern in _sides(claim):
            arm = _baseline(study, pattern.arm)
            if arm is not None and arm.mask != "none" and pattern.level is not None and pattern.level not in levels:
                at = claim.places.get(f"{side} at", claim.at)
                yield _no_such_level(at, pattern.arm, pattern.level, levels)


def claimed_sources_exist(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        for side, pattern in _sides(claim):
            if pattern.source is None:
                continue
            at = claim.places.get(f"{side} from", claim.at)
            arm = _baseline(study, pattern.arm)
            sources = tuple(dict.fromkeys(t.source_name for t in study.tickets if arm or t.name == pattern.arm))
            if arm is not None and arm.mask == "none" and arm.weights == "pretrained":
                yield diagnostics.ArmHasNoSource(at=at, arm=pattern.arm, source=pattern.source)
            elif pattern.source != "target" and sources and pattern.source not in sources:
                yield diagnostics.NotASource(at=at, source=pattern.source, arm=pattern.arm, sources=sources)


def claims_compare_what_is_run(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        left, right = (_targets(study, pattern) for _, pattern in _sides(claim))
        if not left or not right:
            continue  # another rule has said why
        misses = [
            diagnostics.NotRunOn(
                at=claim.places.get(f"on {target}", claim.at), arm=pattern.arm, target=target, targets=tuple(targets)
            )
            for target in claim.targets
            for pattern, targets in ((claim.left, left), (claim.right, right))
            if target not in targets
        ]
        yield from misses
        if not misses and not left.keys() & right.keys():
            yield diagnostics.NothingToCompare(at=claim.at, left=str(claim.left), right=str(claim.right))


def matching_is_defined(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        if claim.relation == "matches":
            right = _baseline(study, claim.right.arm)
            if right is None or not _is_dense(right):
                at = claim.places.get("right", claim.at)
                yield diagnostics.MatchesOther(at=at, arm=claim.right.arm)
            elif study.match is None:
                yield diagnostics.MatchesWhat(at=claim.at)


def claims_have_seeds_to_stand_on(study: Study) -> Iterator[Diagnostic]:
    if study.claims and len(study.seeds) == 1:
        yield diagnostics.OneSeed(at=study.claims[0].at)


def lines_need_other_noise(study: Study) -> Iterator[Diagnostic]:
    if "mode_connectivity" in study.report and len({(run.order, run.dropout) for run in study.seeds}) == 1:
        yield diagnostics.OneNoise(at=study.at)


def published_numbers_have_a_cell(study: Study) -> Iterator[Diagnostic]:
    for published in study.published:
        missing = [number for number in published.numbers if not _has_cell(study, number)]
        if missing:
            yield diagnostics.PublishedElsewhere(
                at=missing[0].at, cell=str(missing[0]), count=len(missing), total=len(published.numbers)
            )


RULES_OF_PARTS: tuple[Rule, ...] = (
    text_columns_fit_the_kind,
    labels_are_where_they_are_needed,
    metrics_fit_the_kind,
    strides_are_those_of_windows,
    tasks_with_pretrained_heads_have_them,
    weights_are_those_of_a_mask,
    transferred_heads_are_fresh,
    rewound_heads_go_back_somewhere,
    pretrained_heads_exist,
    scores_are_there_to_be_read,
    gradual_tickets_have_no_rounds,
    partners_are_there,
    gradual_runs_are_there,
    patterns_have_one_sparsity,
    levels_are_on_the_path,
    rewinding_needs_a_source,
    masks_from_files_have_one_level,
    rewinding_leaves_something_to_train,
    warmups_end_before_training,
    transferred_levels_exist,
    claimed_levels_exist,
)

RULES: tuple[Rule, ...] = (
    tickets_are_trained_somewhere,
    claimed_levels_of_baselines_exist,
    claimed_sources_exist,
    claims_compare_what_is_run,
    matching_is_defined,
    claims_have_seeds_to_stand_on,
    lines_need_other_noise,
    published_numbers_have_a_cell,
)


# Comparisons


def differs_in_arms_alone(study: Study) -> bool:
    """Whether tickets and baselines can differ in nothing but masks and weights: the usual case.

    Known without planning anything; `factors.py` has the proof for all others.
    """
    named = all(arm.mask != "ticket" or arm.weights not in {"ticket", "pretrained"} for arm in study.baselines)
    return named and all(
        ticket.rewind == START
        and ticket.resets == "everything"
        and ticket.search_head in {"rewound", "fresh"}
        and ticket.transfer_head == "fresh"
        and ticket.recipe is None
        for ticket in study.tickets
    )


# What rules look at


def _sources_known(study: Study, ticket: Ticket) -> bool:
    return bool(ticket.source) and all(name in study.tasks for name in ticket.source)


def _reaches(point: Duration, train: Duration) -> bool:
    """Whether a point of a training lies at its end or beyond, as far as the units tell."""
    return point.unit == train.unit and point.amount >= train.amount


def _warmup_too_long(at: Span, recipe: Recipe) -> Diagnostic:
    return diagnostics.WarmupBeyondTraining(at=at, warmup=str(recipe.warmup), train=str(recipe.train))


def _blocks(study: Study) -> dict[str, tuple[Sparsity, ...]]:
    """The levels of each ticket block whose levels were understood, whatever else of it was not."""
    levels = {name: dict.fromkeys(found) for name, found in study.levels.items() if found}
    for ticket in study.tickets:
        levels.setdefault(ticket.name, {}).update(dict.fromkeys(ticket.levels))
    return {name: tuple(found) for name, found in levels.items()}


def _sides(claim: Claim) -> tuple[tuple[str, ArmPattern], tuple[str, ArmPattern]]:
    return ("left", claim.left), ("right", claim.right)


def _baseline(study: Study, name: str) -> Arm | None:
    return next((arm for arm in study.baselines if arm.name == name), None)


def _is_dense(arm: Arm) -> bool:
    return arm.mask == "none" and arm.weights == "pretrained"


def _targets(study: Study, pattern: ArmPattern) -> dict[str, None]:
    """Targets that an arm is run on, at the pattern's level where it names one; a baseline is run where a ticket is."""
    baseline = _baseline(study, pattern.arm)
    is_baseline = baseline is not None
    targets: dict[str, None] = {}
    for ticket in study.tickets:
        if not is_baseline and ticket.name != pattern.arm:
            continue
        is_run = baseline is not None and baseline.weights == "run"
        for level, task in _trainings(study, ticket):
            if is_run and (ticket.pruning.rise is None or (task.name,) != ticket.source):
                continue
            is_source = pattern.source in {None, "target", ticket.source_name}
            if is_source and (pattern.level is None or pattern.level == level):
                targets[task.name] = None
    return targets


def _has_cell(study: Study, number: PublishedNumber) -> bool:
    """Whether the study trains what a published number is about: without a source, the ticket of the target itself."""
    arm, is_baseline = number.arm, _baseline(study, number.arm.arm) is not None
    for ticket in study.tickets:
        is_own = arm.source in {None, "target"} and (is_baseline or ticket.source == (number.target,))
        if (is_own or arm.source == ticket.source_name) and (is_baseline or ticket.name == arm.arm):
            levels = [level for level, task in _trainings(study, ticket) if task.name == number.target]
            if levels and (arm.level is None or arm.level in levels):
                return True
    return False


def _trainings(study: Study, ticket: Ticket) -> Iterator[tuple[Sparsity, Task]]:
    """Levels and targets of a ticket: its own source at every level, and wherever it is transferred to."""
    for level in ticket.levels:
        if len(ticket.source) == 1 and (own := study.tasks.get(ticket.source[0])):
            yield level, own
    for transfer in study.transfers:
        if transfer.ticket == ticket.name:
            for level in transfer.levels:
                if level in ticket.levels:
                    yield from ((level, study.tasks[target]) for target in transfer.targets if target in study.tasks)


def _no_such_level(at: Span, ticket: str, level: Sparsity, levels: tuple[Sparsity, ...]) -> Diagnostic:
    return diagnostics.LevelNotInTicket(at=at, ticket=ticket, level=str(level), levels=_listed(levels))


def _listed(levels: tuple[Sparsity, ...]) -> str:
    return ", ".join(map(str, levels))
