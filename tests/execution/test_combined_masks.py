"""Masks made of others: what is kept follows from what each keeps, weight by weight."""

import pytest
import torch
from small_world import World, fine_tune, warm

from runtime.failures import JobFailed
from runtime.pruning.mask import Mask
from runtime.store import Artifact
from ticketlang.jobs import CombineMasks, JobKey, Prune
from ticketlang.study import Pruning
from ticketlang.units import Sparsity


def prune(percent: int, weights: JobKey | None = None, *scope: str) -> Prune:
    pruning = Pruning(method="magnitude", allocation="global", scope=scope or ("encoder",))
    return Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(percent), weights=weights, start=None)


def mask_of(artifact: Artifact) -> Mask:
    return Mask.read(artifact.path("mask.safetensors"))


def test_the_inverse_of_a_mask_keeps_what_it_removes(world: World) -> None:
    mask = world.do(prune(70))
    inverse = world.do(CombineMasks(operation="inverted", masks=(mask.key,)))

    assert all(torch.equal(bits, ~mask_of(mask).kept[name]) for name, bits in mask_of(inverse).kept.items())
    assert inverse.result["removed"] == mask.result["total"] - mask.result["removed"]
    assert inverse.result["sparsity"] == pytest.approx(0.3, abs=1e-4)
    again = world.do(CombineMasks(operation="inverted", masks=(inverse.key,)))
    assert again.result["matrices"] == mask.result["matrices"]


def test_union_and_intersection_are_those_of_what_is_kept(world: World) -> None:
    before = world.do(prune(60))
    after = world.do(prune(60, world.do(fine_tune(warm())).key))
    union = world.do(CombineMasks(operation="union", masks=(before.key, after.key)))
    common = world.do(CombineMasks(operation="intersection", masks=(before.key, after.key)))

    one, other = mask_of(before), mask_of(after)
    for name, bits in mask_of(union).kept.items():
        assert torch.equal(bits, one.kept[name] | other.kept[name])
        assert torch.equal(mask_of(common).kept[name], one.kept[name] & other.kept[name])
    assert common.result["removed"] > before.result["removed"] > union.result["removed"]
    assert union.certificate.facts["kept by each"] == [one.left, other.left]


def test_masks_over_other_matrices_are_not_combined(world: World) -> None:
    one, other = world.do(prune(60)), world.do(prune(60, None, "encoder", "pooler"))
    with pytest.raises(JobFailed, match="the two masks cover different matrices"):
        world.do(CombineMasks(operation="union", masks=(one.key, other.key)))


def test_a_ticket_trains_under_a_combined_mask(world: World) -> None:
    inverse = world.do(CombineMasks(operation="inverted", masks=(world.do(prune(70)).key,)))
    arm = world.do(fine_tune(warm(), mask=inverse.key))
    checks = {check.name: check.found for check in arm.certificate.checks}
    zeros = checks["each matrix has as many zeros at the end as its mask removes"]
    assert sum(removed for removed, _ in zeros.values()) == inverse.result["removed"]
