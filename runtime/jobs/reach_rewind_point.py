"""ReachRewindPoint: train the dense pre-trained network up to a point, and keep its weights and head."""

from collections.abc import Mapping
from pathlib import Path

from ticketlang.jobs import JobKey, ReachRewindPoint

from ..models.network import heads_of
from ..store.artifact import Artifact
from ..store.certificates import Outcome
from ..weights.files import HEAD_FILE, WEIGHTS_FILE, state_of, write_state
from ..workshop import Workshop
from .beginning import beginning_of
from .bench import facts_of, set_up
from .certify import certify
from .proofs import course_checks, head_policy


def perform(
    job: ReachRewindPoint, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path
) -> Outcome:
    """See `ticketlang.jobs.ReachRewindPoint` (paper, Algorithm 1, line 1)."""
    weights = workshop.model(job.model).read_again()
    bench = set_up(job, weights, None, None, job.until, workshop)
    begun = beginning_of(job, inputs, bench)
    trained = bench.train(None, key, workshop)
    certificate = certify(
        (
            *begun.checks,
            *course_checks(job, len(bench.data.train), trained),
        ),
        {**begun.facts, **facts_of(job, bench, trained), "head": head_policy(None, job.task, {})},
    )
    write_state(folder / WEIGHTS_FILE, state_of(bench.network.trunk))
    write_state(folder / HEAD_FILE, heads_of(bench.network))
    result = {"steps": trained.steps, "learning_curve": [list(point) for point in trained.curve]}
    return Outcome(result, certificate)
