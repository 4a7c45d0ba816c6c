"""What must hold in what is said of results: in claims, in published numbers, and in what a report is to show."""

from collections.abc import Iterator, Mapping, Sequence

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..study import Arm, ArmPattern, PublishedNumber, Study, Ticket
from ..units import Sparsity
from .levels import are_transfers_sound, levels_of

Runs = Mapping[Ticket, Sequence[tuple[Sparsity, str]]]


def claims_compare_two_things(study: Study) -> Iterator[Diagnostic]:
    """What the right side leaves open is as on the left."""
    for claim in study.claims:
        left, right = claim.left, claim.right
        if right.arm == left.arm and right.source in {None, left.source} and right.level in {None, left.level}:
            yield diagnostics.ComparedWithItself(at=claim.places.get("right", claim.at), pattern=str(left))


def claimed_sources_exist(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        for side, pattern in claim.sides:
            if pattern.source is None:
                continue
            at = claim.places.get(f"{side} from", claim.at)
            sources = _sources(study, pattern)
            if not _has_source(study, pattern):
                yield diagnostics.ArmHasNoSource(at=at, arm=pattern.arm, source=pattern.source)
            elif pattern.source != "target" and sources and pattern.source not in sources:
                yield diagnostics.NotASource(at=at, source=pattern.source, arm=pattern.arm, sources=sources)


def other_targets_are_other_than_a_source(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        if claim.other and not _has_source(study, claim.left):
            yield diagnostics.OtherThanWhat(at=claim.at, arm=claim.left.arm)


def claims_compare_what_is_run(study: Study) -> Iterator[Diagnostic]:
    claims = study.claims if are_transfers_sound(study) else ()
    runs = {ticket: tuple(study.trainings(ticket)) for ticket in study.tickets if claims}
    for claim in claims:
        other = claim.other and _has_source(study, claim.left)
        left, right = _targets(study, runs, claim.left, other=other), _targets(study, runs, claim.right)
        nowhere = [pattern for pattern, targets in ((claim.left, left), (claim.right, right)) if not targets]
        if nowhere:
            if all(_is_there(study, pattern) for pattern in nowhere):  # else another rule has said why
                yield diagnostics.NeverRun(at=claim.at, arm=str(nowhere[0]), other=" other" * other)
            continue
        anywhere = _targets(study, runs, claim.left)  # of a group that holds the source, `other` takes the others
        misses = [
            diagnostics.NotRunOn(
                at=claim.places.get(f"on {target}", claim.at), arm=str(pattern), target=target, targets=tuple(targets)
            )
            for target in claim.targets
            for pattern, targets in ((claim.left, anywhere), (claim.right, right))
            if target not in targets
        ]
        yield from misses
        named = claim.targets or left.keys()
        if not misses and not any(target in left and target in right for target in named):
            yield diagnostics.NothingToCompare(at=claim.at, left=str(claim.left), right=str(claim.right))


def matching_is_defined(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        if claim.relation == "matches":
            right = study.baseline(claim.right.arm)
            if right is None or not right.is_dense:
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


def published_numbers_stand_beside_fp32(study: Study) -> Iterator[Diagnostic]:
    if study.published and study.precision != "fp32":
        first = study.published[0]
        yield diagnostics.PublishedInFp32(at=first.at, publication=first.where, precision=study.precision)


def _sources(study: Study, pattern: ArmPattern) -> tuple[str, ...]:
    """Those of the tickets that a side speaks of; a baseline stands beside all tickets."""
    is_baseline = study.baseline(pattern.arm) is not None
    return tuple(dict.fromkeys(t.source_name for t in study.tickets if is_baseline or t.name == pattern.arm))


def _has_source(study: Study, pattern: ArmPattern) -> bool:
    """Whether a side is found on something: a ticket is, and a baseline that takes something from tickets."""
    baseline = study.baseline(pattern.arm)
    return baseline is None or any(study.depends_on_ticket(baseline, ticket) for ticket in study.tickets)


def _is_there(study: Study, pattern: ArmPattern) -> bool:
    """Whether the source and the level that a side names are those of some ticket it speaks of."""
    levels = levels_of(study, pattern.arm)
    has_source = pattern.source in {None, "target", *_sources(study, pattern)} and _has_source(study, pattern)
    return (has_source or pattern.source is None) and (pattern.level is None or pattern.level in levels)


def _targets(study: Study, runs: Runs, pattern: ArmPattern, *, other: bool = False) -> dict[str, None]:
    """Targets that a side is run on, at its level where it names one.

    Args:
        runs: the levels and targets that each ticket is trained at and on.
        other: but for those that its ticket was found on.
    """
    baseline = study.baseline(pattern.arm)
    partners = study.partners(baseline) if baseline is not None else {}
    targets: dict[str, None] = {}
    for ticket, trainings in runs.items():
        is_spoken_of = pattern.source in {None, "target", ticket.source_name}
        if not is_spoken_of or (baseline is None and ticket.name != pattern.arm):
            continue
        for level, target in trainings:
            is_own = (target,) == ticket.source
            is_left_out = (other and target in ticket.source) or (pattern.source == "target" and not is_own)
            if is_left_out or target in targets or (pattern.level is not None and pattern.level != level):
                continue
            if baseline is None or _is_run(baseline, ticket, level, is_own, partners.get(ticket, ())):
                targets[target] = None
    return targets


def _is_run(arm: Arm, ticket: Ticket, level: Sparsity, is_own: bool, partners: tuple[Ticket, ...]) -> bool:
    """Whether a baseline is run beside a ticket: where it takes something of a run or of a partner, that is there."""
    if arm.weights == "run":
        return ticket.pruning.rise is not None and is_own
    return arm.partner is None or any(level in partner.path for partner in partners)


def _has_cell(study: Study, number: PublishedNumber) -> bool:
    """Whether the study trains what a published number is about: without a source, the ticket of the target itself."""
    arm, is_baseline = number.arm, study.baseline(number.arm.arm) is not None
    for ticket in study.tickets:
        is_own = arm.source in {None, "target"} and (is_baseline or ticket.source == (number.target,))
        if (is_own or arm.source == ticket.source_name) and (is_baseline or ticket.name == arm.arm):
            levels = [level for level, target in study.trainings(ticket) if target == number.target]
            if levels and (arm.level is None or arm.level in levels):
                return True
    return False
