"""Batches that do not fit into memory are learned in portions, and mean what they meant."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from small_world import World, count, fine_tune, recipe, spans, text, warm
from torch import Tensor

from runtime.failures import JobFailed
from runtime.jobs.bench import Bench, set_up
from runtime.models.network import Network
from runtime.models.packing import Packed
from runtime.training.learner import Learner
from runtime.training.turns import Part, turns
from ticketlang.jobs import FineTune
from ticketlang.study import Task

CPU = torch.device("cpu")
TASKS = [warm(), count(), spans(length=14), text(head="pretrained")]


def bench_of(world: World, job: FineTune) -> Bench:
    return set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)


def room_for(most: int, patch: pytest.MonkeyPatch, error: Callable[[], Exception] = MemoryError) -> list[int]:
    """Let there be memory for so many texts while a network is trained, and tell how many it saw at once."""
    seen, forward = [], Network.forward

    def limited(self: Network, batch: Packed, part: int = 0) -> Tensor:
        texts = int(batch.texts.max()) + 1
        if self.training:
            seen.append(texts)
            if texts > most:
                raise error()
        return forward(self, batch, part)

    patch.setattr(Network, "forward", limited)
    return seen


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
@pytest.mark.parametrize("size", [1, 3, 5])
def test_portions_add_up_to_the_gradient_of_the_whole(dry_and_wet: Path, tmp_path: Path, task: Task, size: int) -> None:
    """Each counts by its share of examples, of windows, or of hidden words, of which blocks have unequal numbers."""
    bench = bench_of(World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "store"), fine_tune(task))
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    (_, _, batch), *_ = turns([part], 0, 1, CPU)

    def learned(size: int | None) -> tuple[float, dict[str, Tensor]]:
        bench.network.zero_grad()
        loss = Learner(bench.network, [part], bench.network.zero_grad, size=size).learn(batch, 0, 0)
        return loss, {n: p.grad.clone() for n, p in bench.network.named_parameters() if p.grad is not None}

    (whole, gradients), (summed, added) = learned(None), learned(size)
    assert summed == pytest.approx(whole, rel=1e-5)
    assert added.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(added[name], gradient, atol=1e-6, rtol=1e-4, msg=name)


ERRORS: list[Callable[[], Exception]] = [
    MemoryError,
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_training_without_room_is_halved_and_says_so(
    dry_and_wet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    job = fine_tune(warm(recipe=recipe(batch=16)))
    plain = World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "plain").do(job)
    seen = room_for(5, monkeypatch, error)
    artifact = World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "store").do(job)

    assert seen[:7] == [16, 8, 4, 4, 4, 4, 4]
    assert artifact.certificate.holds
    assert artifact.certificate.facts["batches learned in portions"] == {"from step": [0, 0], "at most": [8, 4]}
    assert "batches learned in portions" not in plain.certificate.facts
    for (step, loss), (same_step, expected) in zip(
        artifact.result["learning_curve"], plain.result["learning_curve"], strict=True
    ):
        assert step == same_step
        assert loss == pytest.approx(expected, abs=1e-5)


def test_each_portion_has_dropout_of_its_own(
    dry_and_wet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first goes by the stream of the whole batch; the same bits for all would tie examples to each other."""
    bench = bench_of(World.open(dry_and_wet / "wet", dry_and_wet, tmp_path / "store"), fine_tune(warm()))
    drawn: list[Tensor] = []
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    (_, _, batch), *_ = turns([part], 0, 1, CPU)
    bench.network.train()
    forward = Network.forward

    def look(self: Network, packed: Packed, number: int = 0) -> Tensor:
        kept = bench.dropouts[0].draw((64,), torch.zeros(1))
        assert kept is not None
        drawn.append(kept.factors)
        return forward(self, packed, number)

    monkeypatch.setattr(Network, "forward", look)
    for size in (None, 3):
        Learner(bench.network, [part], bench.network.zero_grad, bench.dropouts, size).learn(batch, 0, 7)
    whole, first, *later = drawn
    assert torch.equal(whole, first)
    assert len(later) == 2
    assert not torch.equal(first, later[0])
    assert not torch.equal(*later)


def test_a_single_example_without_room_fails_the_job(
    dry_and_wet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_for(0, monkeypatch)
    with pytest.raises(JobFailed, match=r"^example \d+ by itself does not fit into memory, at step 0; say a shorter"):
        World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "store").do(fine_tune(warm()))


def test_other_errors_are_not_taken_for_a_lack_of_memory(
    dry_and_wet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = room_for(3, monkeypatch, lambda: RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "store").do(fine_tune(warm()))
    assert seen == [8]


def test_gradients_for_a_pruning_are_added_up_too(
    dry_and_wet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.training.gradients import mean_gradients

    bench = bench_of(World.open(dry_and_wet / "dry", dry_and_wet, tmp_path / "store"), fine_tune(text()))
    names = [name for name, p in bench.network.trunk.named_parameters() if p.ndim == 2 and name.startswith("encoder.")]
    expected, seen = mean_gradients(bench.network, bench.data.train, bench.training, 2, names)
    forward = Network.forward

    def limited(self: Network, batch: Packed, part: int = 0) -> Tensor:
        if int(batch.texts.max()) >= 3:
            raise MemoryError
        return forward(self, batch, part)

    monkeypatch.setattr(Network, "forward", limited)
    found, seen_again = mean_gradients(bench.network, bench.data.train, bench.training, 2, names)
    assert seen_again == seen
    for name in names:
        torch.testing.assert_close(found[name], expected[name], atol=1e-6, rtol=1e-4, msg=name)
