"""The door to all kinds of jobs."""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from attrs import evolve

from ticketlang.jobs import (
    AnyJob,
    CombineMasks,
    DrawMask,
    FineTune,
    GivenMask,
    Interpolate,
    JobKey,
    Prune,
    ReachRewindPoint,
    settings,
)

from ..store.artifact import Artifact
from ..store.certificates import JSON, SEEDS, SEEDS_DRAWN, Outcome
from ..training.seeds import recorded
from ..verification.trainings import declared_seeds
from ..workshop import Workshop
from . import combine_masks, draw_mask, fine_tune, given_mask, interpolate, prune, reach_rewind_point
from .certify import certify, check_equal


def perform(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """Do a job.

    Args:
        inputs: what the jobs that it takes its inputs from have left.
        folder: where its tensors go; it is published as a whole, or not at all.

    Raises:
        JobFailed: with one sentence. `BrokenInvariant` if the run was not what it claims to be.
    """
    with recorded() as drawn, workshop.keepers.at_their_work():
        outcome = _perform(job, key, inputs, workshop, folder)
    drawn.pop("subset", None)  # examples are made ready once for several jobs: whether for this one is chance
    if not drawn:
        return outcome
    seeds: JSON = {role: sorted(drawn[role]) for role in sorted(drawn)}
    given = declared_seeds(settings(job))
    as_declared = check_equal(SEEDS, {role: [given.get(role)] for role in seeds}, seeds)
    found = outcome.certificate
    return evolve(outcome, certificate=certify((*found.checks, as_declared), {**found.facts, SEEDS_DRAWN: seeds}))


def _perform(job: AnyJob, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    match job:
        case FineTune():
            return fine_tune.perform(job, key, inputs, workshop, folder)
        case ReachRewindPoint():
            return reach_rewind_point.perform(job, key, inputs, workshop, folder)
        case Prune():
            return prune.perform(job, key, inputs, workshop, folder)
        case DrawMask():
            return draw_mask.perform(job, key, inputs, workshop, folder)
        case CombineMasks():
            return combine_masks.perform(job, key, inputs, workshop, folder)
        case GivenMask():
            return given_mask.perform(job, key, inputs, workshop, folder)
        case Interpolate():
            return interpolate.perform(job, key, inputs, workshop, folder)
    assert_never(job)
