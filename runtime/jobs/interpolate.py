"""Interpolate: two trained networks of one shape, and what the networks between them score.

Weights at share a of the line are (1 - a) x one + a x other, heads too. The error barrier is the highest error on the
line minus the mean error of its ends (Frankle et al. 2020, section 2); an error is 1 minus the score that decides.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from attrs import define, field, frozen

from ticketlang.jobs import Interpolate, JobKey

from ..matrices import is_of
from ..models.checkpoint import State
from ..models.network import load_heads_
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import ENDS, HOLES_AT_ENDS, JSON, TRAINED_ENDS, Check, Outcome
from ..training.moment import Forgetful, Moment
from ..weights.files import HEAD_FILE, WEIGHTS_FILE, digest_of, read_state, state_of
from ..weights.origin import origin
from ..workshop import Workshop
from .bench import Bench, data_facts, set_up
from .certify import certify, check_equal
from .masks import mask_of
from .proofs import fingerprint, sparsity_facts
from .scoring import scores_of

SAME_SCORE = 0.01  # a point: another device may answer a few examples otherwise


def perform(
    job: Interpolate, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path
) -> Outcome:
    """See `ticketlang.jobs.Interpolate`."""
    one, other = (_Ends.read(inputs[end]) for end in (job.one, job.other))
    mask = mask_of(job.mask, inputs)
    bench = set_up(job, one.trunk, one.head, None, None, workshop)
    metric, shares = job.task.metrics[0], [step / (job.points - 1) for step in range(job.points)]
    line = _Line(job.points)
    keeper = workshop.keepers.of(key, "line") or Forgetful()
    keeper.watch(line.moment)
    if (found := keeper.found()) is not None:
        line.put_back_(found)
    scores, ends = line.scores, line.ends
    for share in shares[len(scores) :]:
        one.towards(other, share, bench)
        end = [digest_of(state_of(bench.network.trunk))] if share in {0, 1} else []
        score = scores_of(job.task, bench.network, bench.data.score, bench.data.classes)[metric]
        line.add(score, end)
        workshop.listener.advanced(key, len(scores), job.points)
        keeper.passed()
    stored = [inputs[end].result["scores"][metric] for end in (job.one, job.other)]
    trained = check_equal(TRAINED_ENDS, [digest_of(one.trunk), digest_of(other.trunk)], ends)
    checks = (trained, *_end_checks(job, stored, scores), *_mask_checks(mask, one, other))
    facts = {
        **data_facts(job),
        "ends": [job.one, job.other],
        "ends as they were stored": stored,
        "metric": metric,
        "scored": f"on {job.task.scored_on}, the ends as they were after the last step",
        "scored on": fingerprint(bench.data.score),
        **({} if mask is None else sparsity_facts(_holes(mask, one, other)) | {"scope": list(mask.kept)}),
    }
    return Outcome(
        {
            "metric": metric,
            "shares": shares,
            "line": scores,
            "barrier": barrier(scores),
            "distance": _distance(one.trunk, other.trunk),
            "signs": {
                "between": _signs(one.trunk, other.trunk),
                "since the start": _signs(_start(job, mask, inputs, workshop), one.trunk),
            },
        },
        certify(checks, facts),
    )


def barrier(scores: Sequence[float]) -> float:
    """The highest error on the line minus the mean error of its ends: at least zero, if the ends are on the line."""
    return statistics.fmean((scores[0], scores[-1])) - min(scores)


@define
class _Line:
    """The points that are scored, from the beginning of the line on."""

    points: int  # in all
    scores: list[float] = field(factory=list)
    ends: list[str] = field(factory=list)  # digests of the weights at both

    def add(self, score: float, ends: Sequence[str]) -> None:
        self.ends.extend(ends)
        self.scores.append(score)

    def moment(self) -> Moment | None:
        if not self.scores:
            return None
        facts = {"scores": list(self.scores), "ends": list(self.ends)}
        return Moment(step=len(self.scores), steps=self.points, facts=facts, tensors={})

    def put_back_(self, moment: Moment) -> None:
        self.scores.extend(moment.facts["scores"])
        self.ends.extend(moment.facts["ends"])


@frozen(eq=False)
class _Ends:
    """What a training left."""

    trunk: State
    head: State

    @classmethod
    def read(cls, artifact: Artifact) -> "_Ends":
        return cls(read_state(artifact.path(WEIGHTS_FILE)), read_state(artifact.path(HEAD_FILE)))

    def towards(self, other: "_Ends", share: float, bench: Bench) -> None:
        """Put the network of a share of the line in place; at shares 0 and 1 it is that of an end, bit for bit."""
        bench.network.trunk.load_state_dict(_between(self.trunk, other.trunk, share), strict=True)
        load_heads_(bench.network, _between(self.head, other.head, share))


def _between(here: State, there: State, share: float) -> State:
    return {name: torch.lerp(here[name], there[name], share) for name in here}


def _end_checks(job: Interpolate, stored: Sequence[float], scores: Sequence[float]) -> tuple[Check, ...]:
    """A training that was scored where it was best is stored as it was at the end, and may score otherwise."""
    if job.task.best_on is not None:
        return ()
    found = [scores[0], scores[-1]]
    is_same = all(math.isclose(a, b, abs_tol=SAME_SCORE) for a, b in zip(stored, found, strict=True))
    return (Check(ENDS, list(stored), found, is_same),)


def _mask_checks(mask: Mask | None, one: _Ends, other: _Ends) -> tuple[Check, ...]:
    """Where both ends have zeros, the whole line has."""
    if mask is None:
        return ()
    zeros = sum(gone for gone, _ in _holes(mask, one, other).values())
    return (check_equal(HOLES_AT_ENDS, mask.removed, zeros),)


def _holes(mask: Mask, one: _Ends, other: _Ends) -> dict[str, list[int]]:
    """For each matrix how many weights that the mask removes are zero at both ends, and how many there are."""
    return {
        name: [int(((one.trunk[name] == 0) & (other.trunk[name] == 0) & ~bits).sum()), bits.numel()]
        for name, bits in mask.kept.items()
    }


def _distance(one: State, other: State) -> float:
    """Of all weights of the trunks, by the square root of the sum of squares."""
    return math.sqrt(sum(float((one[name].double() - other[name].double()).square().sum()) for name in one))


def _start(job: Interpolate, mask: Mask | None, inputs: Mapping[JobKey, Artifact], workshop: Workshop) -> State:
    weights = origin(job.weights, mask, workshop.model(job.model), lambda reached: inputs[reached].path(WEIGHTS_FILE))
    if mask is not None:
        mask.apply_(weights)
    return weights


def _signs(one: State, other: State) -> list[JSON]:
    """Weights of matrices in layers that have the same sign in both networks, and all that are zero in neither.

    A ticket's weights are said to matter by their signs (Zhou et al. 2019): this many were kept.
    """
    same = both = 0
    for name, here in one.items():
        if is_of(name, ("encoder",)):
            product = torch.sign(here) * torch.sign(other[name])
            same, both = same + int((product > 0).sum()), both + int((product != 0).sum())
    return [same, both]
