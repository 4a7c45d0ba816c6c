"""Whole jobs, in a store: what they leave, and what their certificates say."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file, save_file
from sklearn.metrics import accuracy_score
from small_world import SEEDS, World, count, files_of, fine_tune, make_model, recipe, same, warm, write_lines

from runtime.failures import BrokenInvariant, JobFailed
from runtime.jobs.bench import set_up
from runtime.masks import read_mask
from runtime.pruning.mask import Mask
from runtime.store import Artifact
from runtime.training.evaluation import predict
from ticketlang.jobs import (
    CombineMasks,
    DrawMask,
    JobKey,
    Pretrained,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    Weights,
)
from ticketlang.study import Pruning, Task
from ticketlang.units import Duration, Sparsity

ENCODER = 2 * (4 * 32 * 32 + 2 * 32 * 64)  # weights of the scope `encoder` in the tiny model
POOLER = 32 * 32


def prune(
    percent: int, weights: JobKey | None, start: JobKey | None = None, allocation: str = "global", *scope: str
) -> Prune:
    pruning = Pruning(method="magnitude", allocation=allocation, scope=scope or ("encoder",))  # type: ignore[arg-type]
    return Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(percent), weights=weights, start=start)


def draw(percent: int, like: JobKey | None = None, seed: int = 1) -> DrawMask:
    return DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(percent), seed=seed, like=like)


def mask_of(artifact: Artifact) -> Mask:
    return Mask.read(artifact.path("mask.safetensors"))


def test_iterative_pruning_round_by_round(world: World) -> None:
    """Train, prune, rewind, three times over; each mask is what the published algorithm would find."""
    mask_key, kept = None, None
    for percent in (10, 20, 30):
        trained = world.do(fine_tune(warm(), mask=mask_key))
        weights = load_file(trained.path("weights.safetensors"))
        artifact = world.do(prune(percent, trained.key, mask_key))
        mask_key = artifact.key

        found = mask_of(artifact)
        scores = torch.cat([weights[name].abs().flatten() for name in found.kept])
        if kept is not None:
            scores[~kept] = -1.0
        kept = torch.ones(ENCODER, dtype=torch.bool)
        kept[scores.argsort(stable=True)[: round(ENCODER * percent / 100)]] = False
        assert torch.equal(torch.cat([bits.flatten() for bits in found.kept.values()]), kept)
        assert artifact.result["removed"] == round(ENCODER * percent / 100)
        assert artifact.certificate.facts["prunings"] == percent // 10


def test_what_pruning_leaves(world: World) -> None:
    artifact = world.do(prune(50, None, None, "global", "encoder", "pooler"))
    kept = read_mask(artifact.path("mask.safetensors"))

    assert artifact.result["total"] == ENCODER + POOLER == sum(bits.size for bits in kept.values())
    assert artifact.result["removed"] == (ENCODER + POOLER) // 2
    assert artifact.result["sparsity"] == 0.5
    assert artifact.result["matrices"] == {name: [int((~bits).sum()), bits.size] for name, bits in kept.items()}
    assert artifact.result["collapsed"] == []
    assert artifact.certificate.holds


def test_per_layer_pruning_takes_the_same_share_of_each(world: World) -> None:
    artifact = world.do(prune(30, None, None, "per layer"))
    assert artifact.result["matrices"] == {
        name: [round(Fraction(3, 10) * total), total] for name, (_, total) in artifact.result["matrices"].items()
    }


def test_a_matrix_that_collapses_is_said_where_it_happens(tmp_path: Path, data_folder: Path) -> None:
    """A pooler that was never trained goes first under one threshold for all."""
    folder = make_model(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["pooler.dense.weight"] *= 1e-3
    save_file(weights, folder / "model.safetensors")
    world = World.open(folder, data_folder, tmp_path / "store")

    artifact = world.do(prune(40, None, None, "global", "encoder", "pooler"))

    assert artifact.result["collapsed"] == ["pooler.dense.weight"]
    (note,) = world.notes.noticed_texts
    assert note == "`pooler.dense.weight` has collapsed: it keeps 0 of 1,024 weights"


def test_random_masks_nest_and_copy(world: World) -> None:
    low, high = world.do(draw(30)), world.do(draw(70))
    pruned = world.do(prune(50, None))
    like = world.do(draw(50, like=pruned.key))

    assert low.result["removed"] == round(ENCODER * 0.3)
    assert mask_of(high).is_inside(mask_of(low))
    assert like.result["matrices"] == pruned.result["matrices"]
    assert world.do(draw(30, seed=2)).result["matrices"] != low.result["matrices"]


def test_a_ticket_keeps_its_sparsity_to_the_end(world: World) -> None:
    mask = world.do(prune(70, None))
    ticket = world.do(fine_tune(warm(recipe=recipe(epochs=2)), mask=mask.key))
    weights = load_file(ticket.path("weights.safetensors"))

    assert all(not weights[name][~bits].any() for name, bits in mask_of(mask).kept.items())
    checks = {check.name: check for check in ticket.certificate.checks}
    assert ticket.certificate.holds
    assert checks["masked weights are zero after every step: steps checked"].found == 24
    assert checks["each matrix has as many zeros at the end as its mask removes"].found == mask.result["matrices"]
    assert checks["the optimizer took as many steps as declared"].found == 24
    assert checks["the learning rate of the last step is the declared end"].found == float(Fraction(1, 24_000))


def test_certificates_say_what_was_done(world: World) -> None:
    mask = world.do(prune(70, None, None, "global", "encoder", "pooler"))
    facts = world.do(fine_tune(same(), mask=mask.key)).certificate.facts

    assert facts["seeds"] == {"head": 1, "order": 1, "dropout": 1, "subset": 1}
    assert facts["seeds drawn from"] == {"dropout": [1], "head": [1], "order": [1], "question": [1]}
    assert (facts["head"], facts["metric"], facts["data"]) == ("fresh", "accuracy", "data")
    assert facts["scored"] == "on validation, after the last step"
    assert facts["weights in scope"] == ENCODER + POOLER
    assert facts["matrices without gradient"] == []


@pytest.mark.parametrize("task", [warm(), same(), count()], ids=["sentences", "pairs", "scores"])
def test_results_are_scores_and_a_curve(world: World, task: Task) -> None:
    artifact = world.do(fine_tune(evolve(task, recipe=recipe(epochs=2))))
    result = artifact.result

    assert tuple(result["scores"]) == task.metrics
    assert result["metric"] == task.metrics[0]
    assert (result["steps"], result["examples"]) == (24, 90)
    assert [step for step, _ in result["learning_curve"]] == list(range(1, 25))
    assert (result["majority"] is None) == (task.name == "count")
    assert world.notes.steps[-1] == (24, 24)


def test_a_long_curve_is_told_in_fifty_points(world: World) -> None:
    curve = world.do(fine_tune(warm(recipe=recipe(epochs=10)))).result["learning_curve"]
    assert len(curve) <= 50
    assert curve[-1][0] == 120


def test_a_network_learns_and_is_scored_on_what_it_answers(world: World) -> None:
    """The colours are easy; the majority is not enough."""
    result = world.do(fine_tune(warm(recipe=recipe(epochs=12, rate=Fraction(3, 1000))))).result
    labels = np.array([n % 6 < 3 for n in range(1000, 1040)], dtype=int)

    assert result["scores"]["accuracy"] == 1.0
    assert result["majority"] in {accuracy_score(labels, np.full(40, value)) for value in (0, 1)}


def test_every_metric_that_is_named_is_measured(world: World) -> None:
    scores = world.do(fine_tune(same(recipe=recipe(epochs=4)))).result["scores"]
    assert scores["f1"] != scores["accuracy"]
    assert all(0 <= score <= 1 for score in scores.values())


def test_a_class_that_is_scored_and_never_trained_on_is_said(world: World, tmp_path: Path) -> None:
    """Once for all trainings of the task, and in the certificate of each: no network can answer it right."""
    for split, labels in (("train", (0, 2)), ("validation", (0, 1, 2, 1))):
        write_lines(tmp_path / f"warm/{split}.jsonl", [{"text": "a sky", "label": label} for label in labels])
    world.workshop.places.tasks["warm"].files.update(files_of(tmp_path, warm()).files)  # type: ignore[union-attr, attr-defined]

    one, other = (world.do(fine_tune(warm(), mask=mask)) for mask in (None, world.do(prune(30, None)).key))

    assert world.notes.noticed_texts == [
        "`warm` is scored on 2 of 4 examples of class 1, which none of its training examples has"
    ]
    for artifact in (one, other):
        assert artifact.certificate.facts["classes that were never trained on"] == {"1": 2}
    plain = world.do(fine_tune(same()))
    assert "classes that were never trained on" not in plain.certificate.facts


def test_kept_weights_that_begin_at_zero_are_counted_and_said(world: World) -> None:
    """The inverse of a ticket on the weights that the ticket was trained to: what it keeps, the ticket had removed."""
    mask = world.do(prune(70, None))
    trained = world.do(fine_tune(warm(), mask=mask.key))
    inverse = world.do(CombineMasks(operation="inverted", masks=(mask.key,)))
    assert world.notes.noticed_texts == []

    arm = world.do(fine_tune(warm(), mask=inverse.key, weights=Reached(job=trained.key)))

    removed = mask.result["removed"]
    assert arm.certificate.facts["kept weights that begin at zero"] == removed
    assert world.notes.noticed_texts == [
        f"{removed:,} of the {removed:,} weights that the mask keeps begin at zero:"
        " the training that they come from had removed them"
    ]
    assert "kept weights that begin at zero" not in trained.certificate.facts


def test_a_rewind_point_is_the_first_part_of_the_dense_training(world: World) -> None:
    """To the bit: the same batches, rates and dropout, stopped early."""
    task = warm(recipe=recipe(epochs=2))
    point = ReachRewindPoint(
        model="m", task=task, data="data", until=Duration(Fraction(1, 4), "training"), seeds=SEEDS, precision="fp32"
    )
    reached = world.do(point)
    dense = world.do(fine_tune(task))

    assert reached.result["learning_curve"] == dense.result["learning_curve"][:6]


@pytest.mark.parametrize(
    "weights",
    [
        Pretrained(),
        RandomWeights(over="all", seed=1),
        RandomWeights(over="pruned matrices", seed=1),
        Shuffled(weights=Pretrained(), seed=1),
    ],
    ids=["pretrained", "random all", "random matrices", "shuffled"],
)
def test_every_arm_holds_its_mask(world: World, weights: Weights) -> None:
    mask = world.do(prune(50, None))
    arm = world.do(fine_tune(warm(), mask=mask.key, weights=weights))
    assert arm.certificate.holds
    left = load_file(arm.path("weights.safetensors"))
    assert all(int((left[name] == 0).sum()) == removed for name, (removed, _) in mask.result["matrices"].items())


def test_a_rewound_ticket_begins_at_its_point(world: World) -> None:
    until = Duration(Fraction(3), "steps")
    point = ReachRewindPoint(model="m", task=warm(), data="data", until=until, seeds=SEEDS, precision="fp32")
    reached, mask = world.do(point), world.do(prune(50, None))
    weights = Reached(job=reached.key)
    ticket = world.do(fine_tune(warm(), weights=weights, mask=mask.key, head=reached.key, begins=until))

    assert ticket.certificate.facts["head"] == "rewound"
    assert ticket.certificate.facts["steps"] == [3, 12]
    assert ticket.certificate.holds


def test_a_training_without_a_step_is_refused(world: World) -> None:
    """12 steps in all: what no unit of the spec gave away."""
    end = Duration(Fraction(12), "steps")
    point = ReachRewindPoint(model="m", task=warm(), data="data", until=end, seeds=SEEDS, precision="fp32")
    with pytest.raises(JobFailed, match="takes 12 steps, and going back to 12 steps leaves none of them"):
        world.do(point)
    with pytest.raises(JobFailed, match="rewind to an earlier point"):
        world.do(fine_tune(warm(), begins=Duration(Fraction(2), "epochs")))
    with pytest.raises(JobFailed, match="the rate rises over 20 steps; say a shorter `warmup`"):
        world.do(fine_tune(warm(recipe=recipe(warmup=Duration(Fraction(20), "steps")))))
    with pytest.raises(JobFailed, match="takes 0 steps; say a longer `train`"):
        world.do(fine_tune(warm(recipe=recipe(train=Duration(Fraction(1, 100), "epochs")))))


def test_weights_are_left_only_where_they_are_wanted(world: World) -> None:
    kept, dropped = world.do(fine_tune(warm())), world.do(fine_tune(warm(limit=80), keeps_weights=False))
    assert {"weights.safetensors", "head.safetensors"} <= set(kept.files)
    assert not {"weights.safetensors", "head.safetensors"} & set(dropped.files)


def test_a_mask_with_too_few_removed_fails_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.pruning.budget.remove_lowest", lambda scores, count, start: Mask.of_all(scores))
    with pytest.raises(BrokenInvariant, match=f"expected {ENCODER // 2}, found 0"):
        world.do(prune(50, None))


def test_bf16_is_near_fp32_and_holds_masks_exactly(world: World) -> None:
    """Products alone are in bf16: the weights that are left are not, and removed ones are zero."""
    mask = world.do(prune(50, None))
    full, half = (world.do(fine_tune(warm(), mask=mask.key, precision=precision)) for precision in ("fp32", "bf16"))

    losses, expected = ([loss for _, loss in job.result["learning_curve"]] for job in (half, full))
    assert losses != expected
    np.testing.assert_allclose(losses, expected, atol=5e-3)
    assert half.certificate.holds
    assert half.certificate.facts["precision"] == "bf16"
    weights = load_file(half.path("weights.safetensors"))
    assert all(weight.dtype == torch.float32 for weight in weights.values())
    assert any(not torch.equal(weight, weight.bfloat16().float()) for weight in weights.values())


def test_scoring_is_in_fp32_whatever_training_was_in(world: World) -> None:
    answers = []
    for precision in ("fp32", "bf16"):
        job, weights = fine_tune(warm(), precision=precision), world.workshop.model("m").read_again()
        bench = set_up(job, weights, None, None, None, world.workshop)
        answers.append(predict(bench.network, bench.data.score, lambda found, labels: found))
    assert torch.equal(*answers)
