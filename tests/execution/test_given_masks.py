"""Masks out of files: fitted to a model and a scope, or refused in a sentence."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file
from small_world import World, fine_tune, warm

from runtime.failures import JobFailed
from runtime.masks import BoolArray, read_mask, write_mask
from runtime.verification import verify
from ticketlang.jobs import GivenMask, Prune
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

ENCODER, POOLER = 2 * (4 * 32 * 32 + 2 * 32 * 64), 32 * 32
BOTH = ("encoder", "pooler")
GIVEN = GivenMask(model="m", file="f", missing="nothing", scope=BOTH, sparsity=Sparsity.percent(60))


@pytest.fixture
def found(world: World) -> dict[str, BoolArray]:
    """A mask of encoder and pooler that removes 60% of their weights."""
    pruning = Pruning(method="magnitude", allocation="global", scope=BOTH)
    job = Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(60), weights=None, start=None)
    return read_mask(world.do(job).path("mask.safetensors"))


def put(world: World, path: Path, kept: Mapping[str, BoolArray]) -> None:
    """Save a mask as the released code does, and say that the study reads it."""
    torch.save({f"bert.{name}_mask": torch.from_numpy(bits).float() for name, bits in kept.items()}, path)
    world.workshop.places = evolve(world.workshop.places, masks={"f": path})


def without_pooler(kept: Mapping[str, BoolArray]) -> dict[str, BoolArray]:
    return {name: bits for name, bits in kept.items() if not name.startswith("pooler.")}


def test_a_given_mask_is_the_one_that_was_found(
    world: World, found: dict[str, BoolArray], tmp_path: Path, model_folder: Path
) -> None:
    """Bit for bit, and a ticket is trained under it."""
    put(world, tmp_path / "mask.pt", found)
    given = world.do(GIVEN)
    kept = read_mask(given.path("mask.safetensors"))
    ticket = world.do(fine_tune(warm(), mask=given.key))

    assert list(kept) == list(found)
    assert all(np.array_equal(kept[name], found[name]) for name in found)
    assert given.certificate.facts["lacking"] == []
    assert given.result["removed"] == round(0.6 * (ENCODER + POOLER))
    assert ticket.certificate.holds
    assert verify(world.store, {"m": model_folder}).findings == ()


def test_what_a_file_lacks_must_be_said(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    put(world, tmp_path / "mask.pt", without_pooler(found))
    with pytest.raises(JobFailed, match=r"lacks `pooler\.dense\.weight`; say `missing dense` or `missing by"):
        world.do(GIVEN)


def test_a_missing_pooler_may_stay_whole(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    put(world, tmp_path / "mask.pt", without_pooler(found))
    job = evolve(GIVEN, missing="dense")
    with pytest.raises(JobFailed, match=r"removes (\d+\.\d+)% of the scope, and 60% is declared; say `sparsity \1%"):
        world.do(job)

    removed = sum(int((~bits).sum()) for bits in without_pooler(found).values())
    share = Sparsity.percent(f"{100 * removed / (ENCODER + POOLER):.2f}")
    given = world.do(evolve(job, sparsity=share))
    assert read_mask(given.path("mask.safetensors"))["pooler.dense.weight"].all()
    assert given.result["removed"] == removed


def test_a_missing_pooler_may_lose_its_smallest_weights(
    world: World, found: dict[str, BoolArray], tmp_path: Path, model_folder: Path
) -> None:
    """So many that the whole is as sparse as declared: under one threshold for all, the mask that was found."""
    put(world, tmp_path / "mask.pt", without_pooler(found))
    given = world.do(evolve(GIVEN, missing="by magnitude"))
    kept = read_mask(given.path("mask.safetensors"))["pooler.dense.weight"]
    weights = load_file(model_folder / "model.safetensors")["pooler.dense.weight"].abs().numpy()

    assert given.result["removed"] == round(0.6 * (ENCODER + POOLER))
    assert np.array_equal(kept, found["pooler.dense.weight"])
    assert weights[~kept].max() <= weights[kept].min()


def test_a_sparsity_that_is_out_of_reach(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    put(world, tmp_path / "mask.pt", without_pooler(found))
    with pytest.raises(JobFailed, match="a sparsity of 20% cannot be reached in what the mask file lacks"):
        world.do(evolve(GIVEN, missing="by magnitude", sparsity=Sparsity.percent(20)))


def test_a_mask_of_more_than_the_scope_is_refused(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    put(world, tmp_path / "mask.pt", found)
    with pytest.raises(JobFailed, match=r"has a mask of `pooler\.dense\.weight`, which is not in the scope"):
        world.do(evolve(GIVEN, scope=("encoder",)))


def test_a_mask_of_another_model_is_refused(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    put(world, tmp_path / "mask.pt", {name: bits[:16] for name, bits in found.items()})
    with pytest.raises(JobFailed, match="is of another model: its mask of `encoder"):
        world.do(GIVEN)


def test_a_file_that_is_no_mask_fails_its_job(world: World, tmp_path: Path) -> None:
    (tmp_path / "mask.safetensors").write_bytes(b"noise")
    world.workshop.places = evolve(world.workshop.places, masks={"f": tmp_path / "mask.safetensors"})
    with pytest.raises(JobFailed, match="neither a safetensors file nor one"):
        world.do(GIVEN)


def test_our_own_files_are_read_too(world: World, found: dict[str, BoolArray], tmp_path: Path) -> None:
    write_mask(tmp_path / "mask.safetensors", found, {"cell": "imp"})
    world.workshop.places = evolve(world.workshop.places, masks={"f": tmp_path / "mask.safetensors"})
    assert world.do(GIVEN).result["removed"] == round(0.6 * (ENCODER + POOLER))
