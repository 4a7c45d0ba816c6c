"""Pruning while training: when, how much each time, and that nothing comes back."""

from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from safetensors.torch import load_file
from small_world import World, fine_tune, recipe, warm

from runtime.failures import JobFailed
from runtime.jobs.bench import set_up
from runtime.jobs.gradually import gradual_of
from runtime.pruning.mask import Mask
from runtime.training.gradual import Gradual, sparsities
from runtime.training.schedule import Schedule
from ticketlang.jobs import FineTune, Gradually, JobKey
from ticketlang.study import Pruning, Rise
from ticketlang.units import Duration, Sparsity

ENCODER = 2 * (4 * 32 * 32 + 2 * 32 * 64)
STEPS = 36  # three epochs of 90 examples in batches of 8


def steps(number: int) -> Duration:
    return Duration(Fraction(number), "steps")


def rise(begins: int, ends: int, every: int) -> Rise:
    return Rise(begins=steps(begins), ends=steps(ends), every=steps(every))


def gradual(percent: int, of: Rise, *scope: str) -> FineTune:
    pruning = Pruning(method="magnitude", allocation="global", scope=scope or ("encoder",), rise=of)
    pruned = Gradually(pruning=pruning, sparsity=Sparsity.percent(percent))
    return fine_tune(warm(recipe=recipe(epochs=3)), gradually=pruned)


def schedule(whole: int = STEPS) -> Schedule:
    return Schedule(steps=whole, steps_per_epoch=12, warmup=0, peak=Fraction(1))


def test_the_sparsity_rises_by_a_cubic() -> None:
    """Zhu & Gupta 2017, equation 1, with an initial sparsity of zero: s (1 - (1 - (t - t0) / (n dt))^3)."""
    found = sparsities(rise(100, 500, 100), Sparsity.percent(80), schedule(1000))
    assert found == {100 + k * 100: Sparsity(Fraction(8, 10) * (1 - (1 - Fraction(k, 4)) ** 3)) for k in (1, 2, 3, 4)}


def test_a_rise_ends_where_it_is_said_to_and_prunes_there() -> None:
    """The last stretch is a shorter one where steps do not divide the rise, and a share below a step is a step."""
    assert list(sparsities(rise(0, 10, 4), Sparsity.percent(50), schedule())) == [4, 8, 10]
    tenth = Rise(begins=steps(1), ends=steps(3), every=Duration(Fraction(1, 1000), "training"))
    assert list(sparsities(tenth, Sparsity.percent(50), schedule())) == [2, 3]


def test_the_run_leaves_a_mask_its_score_and_what_it_proved(world: World) -> None:
    artifact = world.do(gradual(70, rise(4, 20, 4)))

    mask = Mask.read(artifact.path("mask.safetensors"))
    weights = load_file(artifact.path("weights.safetensors"))
    checks = {check.name: check for check in artifact.certificate.checks}
    expected = [
        [step, round(Fraction(7, 10) * (1 - Fraction(20 - step, 16) ** 3) * ENCODER)] for step in (8, 12, 16, 20)
    ]
    assert checks["the prunings: the step before each, and how many weights are gone from there on"].found == expected
    zero = "masked weights are zero after every step from the first pruning on: steps checked"
    assert checks[zero].found == STEPS - 8
    assert artifact.certificate.holds
    assert artifact.result["removed"] == mask.removed == round(0.7 * ENCODER)
    assert all(not weights[name][~bits].any() for name, bits in mask.kept.items())
    assert artifact.result["scores"]["accuracy"] > 0
    assert artifact.certificate.facts["weights in scope"] == ENCODER


def test_up_to_its_first_pruning_it_is_the_dense_training(world: World) -> None:
    pruned = world.do(gradual(70, rise(4, 20, 4))).result["learning_curve"]
    dense = world.do(fine_tune(warm(recipe=recipe(epochs=3)))).result["learning_curve"]
    assert pruned[:8] == dense[:8]
    assert pruned[8:] != dense[8:]


def test_each_pruning_takes_the_smallest_of_what_is_left_and_nothing_comes_back(world: World) -> None:
    """Looked at from inside: the weights that each pruning saw, and the mask it made."""
    job = gradual(60, rise(0, 30, 6))
    assert job.gradually is not None
    bench = set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)
    inner = gradual_of(job.gradually, bench)
    seen: list[tuple[dict[str, torch.Tensor], Mask]] = []

    def prune(weights, sparsity, start):  # type: ignore[no-untyped-def]  # the signature is that of `PruneTo`
        mask = inner.prune(weights, sparsity, start)
        seen.append(({name: weights[name].detach().clone() for name in mask.kept}, mask))
        return mask

    bench.train(None, JobKey("k"), world.workshop, gradual=Gradual(inner.sparsities, prune))

    assert len(seen) == 5
    for weights, mask in seen:
        magnitudes = torch.cat([weights[name].abs().flatten() for name in mask.kept])
        kept = torch.cat([bits.flatten() for bits in mask.kept.values()])
        assert magnitudes[kept].min() >= magnitudes[~kept].max()
    for (_, before), (weights, after) in pairwise(seen):
        assert after.is_inside(before)
        assert all(not weights[name][~bits].any() for name, bits in before.kept.items())


def test_units_go_gradually_too(world: World) -> None:
    artifact = world.do(gradual(50, rise(2, 10, 2), "neurons"))
    assert artifact.result["removed"] == 64 * 2 * 32


def test_a_rise_that_ends_with_the_training_or_after_it_is_refused(world: World) -> None:
    with pytest.raises(JobFailed, match="from step 4 to step 36 has no place in a training of 36 steps; say another"):
        world.do(gradual(50, rise(4, 40, 4)))
