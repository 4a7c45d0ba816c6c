"""The workshop: a device, exact arithmetic, and things that are loaded once."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_world import AT, World, fine_tune, warm

from runtime.facts import Places
from runtime.failures import BrokenInvariant, TrainingDiverged
from runtime.progress import Silent
from runtime.tasks import BadData
from runtime.workshop import Workshop
from ticketlang.diagnostics import EmptySplit


def test_products_are_true_fp32_and_repeatable() -> None:
    Workshop.open(Places(), Silent(), "cpu")

    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction
    a, b = torch.randn(2, 64, 64, dtype=torch.float64)
    error = (a.float() @ b.float() - a @ b).abs().max() / (a @ b).abs().max()
    assert error < 1e-6  # TF32 would be off by 1e-3


def test_auto_takes_cuda_where_there_is_one() -> None:
    device = Workshop.open(Places(), Silent()).device
    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("tpu", "`tpu` is no device to compute on"), ("cuda:99", "`cuda:99` is not there: this machine has")],
)
def test_a_device_that_is_not_there_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Workshop.open(Places(), Silent(), name)


def test_models_and_examples_are_made_ready_once(world: World) -> None:
    workshop = world.workshop
    assert workshop.model("m") is workshop.model("m")
    first = workshop.examples(warm(), "m", "data", 1)
    assert workshop.examples(warm(), "m", "data", 1) is first
    assert workshop.examples(warm(), "m", "other data", 1) is not first
    assert len(workshop.examples(warm(limit=5), "m", "data", 1).train) == 5


def test_training_leaves_the_loaded_model_as_it_was(world: World, model_folder: Path) -> None:
    """The next job copies the same pattern."""

    world.do(fine_tune(warm()))
    pattern = dict(world.workshop.model("m").pattern.named_parameters())
    assert all(
        torch.equal(pattern[name], tensor) for name, tensor in load_file(model_folder / "model.safetensors").items()
    )


@pytest.mark.parametrize(
    "failure",
    [
        BrokenInvariant("the mask did not hold"),
        TrainingDiverged("loss", 7, 1e-3, (4, 5)),
        BadData(EmptySplit(at=AT, split="train")),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_failures_survive_the_way_between_processes(failure: Exception) -> None:
    again = pickle.loads(pickle.dumps(failure))
    assert (type(again), str(again)) == (type(failure), str(failure))
    assert {name: str(value) for name, value in vars(again).items()} == {
        name: str(value) for name, value in vars(failure).items()
    }
