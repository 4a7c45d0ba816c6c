"""What must hold in what is said of results: in claims, in published numbers, and in what a report is to show."""

from collections.abc import Iterator

from .. import diagnostics
from ..diagnostics import Diagnostic
from ..study import ArmPattern, PublishedNumber, Study


def claimed_sources_exist(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        for side, pattern in claim.sides:
            if pattern.source is None:
                continue
            at = claim.places.get(f"{side} from", claim.at)
            arm = study.baseline(pattern.arm)
            sources = tuple(dict.fromkeys(t.source_name for t in study.tickets if arm or t.name == pattern.arm))
            if arm is not None and arm.is_dense:
                yield diagnostics.ArmHasNoSource(at=at, arm=pattern.arm, source=pattern.source)
            elif pattern.source != "target" and sources and pattern.source not in sources:
                yield diagnostics.NotASource(at=at, source=pattern.source, arm=pattern.arm, sources=sources)


def claims_compare_what_is_run(study: Study) -> Iterator[Diagnostic]:
    for claim in study.claims:
        left, right = (_targets(study, pattern) for _, pattern in claim.sides)
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


def _targets(study: Study, pattern: ArmPattern) -> dict[str, None]:
    """Targets that an arm is run on, at the pattern's level where it names one; a baseline is run where a ticket is."""
    baseline = study.baseline(pattern.arm)
    is_baseline = baseline is not None
    targets: dict[str, None] = {}
    for ticket in study.tickets:
        if not is_baseline and ticket.name != pattern.arm:
            continue
        is_run = baseline is not None and baseline.weights == "run"
        for level, target in study.trainings(ticket):
            if is_run and (ticket.pruning.rise is None or (target,) != ticket.source):
                continue
            is_source = pattern.source in {None, "target", ticket.source_name}
            if is_source and (pattern.level is None or pattern.level == level):
                targets[target] = None
    return targets


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
