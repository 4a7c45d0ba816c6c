"""FineTune: put weights in place, hold the mask, train on a task, and score."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ticketlang.jobs import FineTune, JobKey, RandomWeights, Shuffled, Weights
from ticketlang.study import Task

from ..models.network import heads_of
from ..models.scopes import all_prunable
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import HELD, HOLES, JSON, NO_GRADIENT, Check, Outcome
from ..training.gradual import Gradual
from ..training.loop import Trained
from ..training.movement import Movement
from ..weights.files import HEAD_FILE, MOVEMENT_FILE, WEIGHTS_FILE, state_of, write_state
from ..weights.origin import origin
from ..workshop import Workshop
from .beginning import beginning_of
from .bench import Bench, facts_of, head_of, set_up
from .certify import certify, check_equal
from .gradually import checks_of, gradual_of
from .masks import leave_mask, mask_of
from .proofs import course_checks, fingerprint, head_policy, holes, sparsity_facts, zeros_kept
from .scoring import Best, majority_score, scores_of, unseen_classes


def perform(job: FineTune, key: JobKey, inputs: Mapping[JobKey, Artifact], workshop: Workshop, folder: Path) -> Outcome:
    """See `ticketlang.jobs.FineTune`."""
    mask = mask_of(job.mask, inputs)
    weights = origin(job.weights, mask, workshop.model(job.model), lambda key: inputs[key].path(WEIGHTS_FILE))
    bench = set_up(job, weights, head_of(job.head, inputs), job.begins, None, workshop)
    _tell_unseen(job, key, bench, workshop)
    at_zero = 0 if mask is None else _put_on(mask, bench, key, workshop)
    begun = beginning_of(job, inputs, bench)
    movement = _movement(bench) if job.keeps_movement else None
    gradual = None if job.gradually is None else gradual_of(job.gradually, bench)
    best = Best(job.task, bench.network, bench.data)
    trained = bench.train(mask, key, workshop, _look(job, best, gradual), movement, gradual, best)
    found = {} if trained.mask is None else holes(trained.mask, dict(bench.network.trunk.named_parameters()))
    if job.gradually is None or gradual is None:
        mask_checks = _mask_checks(job, inputs, trained, found)
    else:
        mask_checks = checks_of(job.gradually, bench, gradual, trained, found)
    checks = (*begun.checks, *course_checks(job, len(bench.data.train), trained), *mask_checks)
    zeros: dict[str, JSON] = {"kept weights that begin at zero": at_zero} if at_zero else {}
    facts = _facts(job, inputs, bench, trained, found)
    certificate = certify(checks, {**begun.facts, **facts, **zeros})
    if job.keeps_weights:
        write_state(folder / WEIGHTS_FILE, state_of(bench.network.trunk))
        write_state(folder / HEAD_FILE, heads_of(bench.network))
    if movement is not None:
        write_state(folder / MOVEMENT_FILE, movement.state())
    result = _result(job, bench, trained, best)
    if gradual is not None and trained.mask is not None:
        result |= leave_mask(trained.mask, certificate, key, workshop, folder).result
    return Outcome(result, certificate)


def _put_on(mask: Mask, bench: Bench, key: JobKey, workshop: Workshop) -> int:
    """Apply a mask to the network, and count what it keeps that is zero all the same.

    Such are the weights that another mask removed in the training they come from: under it, a mask that is drawn or
    turned round keeps few that ever were trained, or none.
    """
    parameters = dict(bench.network.trunk.named_parameters())
    mask.apply_(parameters)
    found = zeros_kept(mask, parameters)
    if 2 * found > mask.left:
        workshop.listener.noticed(
            key,
            f"{found:,} of the {mask.left:,} weights that the mask keeps begin at zero:"
            " the training that they come from had removed them",
        )
    return found


def _tell_unseen(job: FineTune, key: JobKey, bench: Bench, workshop: Workshop) -> None:
    """Say which classes are scored though nothing is learned of them; once, since all trainings of a task are alike."""
    for label, count in unseen_classes(job.task, bench.data).items():
        workshop.notice_once(
            key,
            f"`{job.task.name}` is scored on {count} of {len(bench.data.score)} examples of class {label},"
            " which none of its training examples has",
        )


def _look(job: FineTune, best: Best, gradual: Gradual | None) -> Callable[[int], None] | None:
    """Where a network is scored at its best, and pruned on the way, the best is that of all it is pruned to."""
    if job.task.best_on is None or gradual is None:
        return None if job.task.best_on is None else best.look
    ends = max(gradual.sparsities)
    return lambda step: best.look(step) if step > ends else None


def _movement(bench: Bench) -> Movement:
    """Of every matrix that some scope names: which of them are pruned is said later."""
    parameters = dict(bench.network.trunk.named_parameters())
    return Movement({name: parameters[name] for name in all_prunable(bench.model.pattern)})


def _mask_checks(
    job: FineTune, inputs: Mapping[JobKey, Artifact], trained: Trained, found: Mapping[str, list[int]]
) -> tuple[Check, ...]:
    if job.mask is None:
        return ()
    declared = inputs[job.mask].result["matrices"]
    return (
        check_equal(HELD, trained.steps, trained.checked_steps),
        check_equal(HOLES, declared, found),
    )


def _facts(
    job: FineTune, inputs: Mapping[JobKey, Artifact], bench: Bench, trained: Trained, found: Mapping[str, list[int]]
) -> dict[str, JSON]:
    facts = facts_of(job, bench, trained)
    return {
        **facts,
        "seeds": facts["seeds"] | _seed_of_weights(job.weights),
        "weights": type(job.weights).__name__,
        "head": head_policy(job.head, job.task, inputs),
        "metric": job.task.metrics[0],
        "scored": f"on {job.task.scored_on}, {_moment(job.task)}",
        "scored on": fingerprint(bench.data.score),
        **_unseen_facts(job, bench),
        **({} if bench.data.best is None else {"best looked for on": fingerprint(bench.data.best)}),
        **({"joined, scored on": {task.name: fingerprint(data.score)
                                  for task, data in zip(job.joined, bench.joined, strict=True)}} if job.joined else {}),
        "scope": list(found),
        "weights in scope": sum(total for _, total in found.values()),
        "weights in the trunk": sum(parameter.numel() for parameter in bench.network.trunk.parameters()),
        NO_GRADIENT: [n for n in all_prunable(bench.model.pattern) if trained.largest_norms[f"trunk.{n}"] == 0],
        **(sparsity_facts(found) if found else {}),
        **({"pruning": str(job.gradually.pruning), "prunings": len(trained.prunings)} if job.gradually else {}),
    }  # fmt: skip


def _unseen_facts(job: FineTune, bench: Bench) -> dict[str, JSON]:
    unseen = unseen_classes(job.task, bench.data)
    return {"classes that were never trained on": {str(label): n for label, n in unseen.items()}} if unseen else {}


def _moment(task: Task) -> str:
    return "after the last step" if task.best_on is None else f"where it was best on {task.best_on}"


def _seed_of_weights(weights: Weights) -> dict[str, JSON]:
    return {"weights": weights.seed} if isinstance(weights, RandomWeights | Shuffled) else {}


def _result(job: FineTune, bench: Bench, trained: Trained, best: Best) -> dict[str, JSON]:
    joined = {
        task.name: scores_of(task, bench.network, data.score, data.classes, part)
        for part, (task, data) in enumerate(zip(job.joined, bench.joined, strict=True), start=1)
    }
    is_last = job.task.best_on is None
    return {
        "scores": scores_of(job.task, bench.network, bench.data.score, bench.data.classes) if is_last else best.scores,
        "metric": job.task.metrics[0],
        "majority": majority_score(job.task, bench.data),
        "steps": trained.steps,
        "examples": len(bench.data.train),
        "learning_curve": [list(point) for point in trained.curve],
        **({"joined": joined} if joined else {}),
        **({} if is_last else {"best": best.facts()}),
    }
