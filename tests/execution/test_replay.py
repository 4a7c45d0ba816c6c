"""Steps that are recorded and replayed learn what they would have learned, or are not replayed.

Graphs of CUDA are to be had on a GPU alone (test_gpu.py): here, a recording is the step, at the place of its numbers.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from small_world import World, count, fine_tune, make_model, spans, text, warm
from torch import Tensor, nn

from runtime.jobs.bench import Bench, set_up
from runtime.models.dropout import set_step
from runtime.models.packing import Packed, pack
from runtime.training import batches, replay
from runtime.training.batches import Batch
from runtime.training.replay import Replays, Step
from runtime.training.turns import Ahead, Part, turns
from runtime.training.words import see_words, trained_parameters

CPU = torch.device("cpu")
TASKS = [warm(), count(), spans(length=14), text(head="pretrained")]


@pytest.fixture(autouse=True)
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "pack", partial(pack, in_rows=True))


@pytest.fixture
def bench(tmp_path: Path, data_folder: Path, request: pytest.FixtureRequest) -> Bench:
    make_model(tmp_path / "m", has_head=True)
    world = World.open(tmp_path / "m", data_folder, tmp_path / "store")
    job = fine_tune(getattr(request, "param", warm()))
    return set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)


def first(bench: Bench, count: int) -> list[Batch]:
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    return [batch for _, _, batch in turns([part], 0, count, CPU)]


def in_its_place(step: nn.Module, numbers: Tensor) -> Step:
    """What a graph does: it computes from where the numbers of its recording stood."""

    def replayed(others: Tensor) -> Tensor:
        numbers.copy_(others)
        return step(numbers)  # type: ignore[no-any-return]  # modules are callables of Any

    return replayed


def replays_of(bench: Bench, record: Callable[[nn.Module, Tensor], Step]) -> Replays:
    words = see_words(bench.network, [bench.data.train], decays=False)
    parameters = list(trained_parameters(bench.network, words).values())
    return Replays(bench.network.train(), bench.dropouts, parameters, record)


def step_of(bench: Bench, answers: Callable[[], Tensor]) -> Tensor:
    """What is answered at the third step, with its dropout."""
    set_step(bench.dropouts, 3)
    return answers()


def learned(bench: Bench, answers: Callable[[Batch], Tensor], parameters: list[nn.Parameter]) -> Iterator[list[Tensor]]:
    """Loss and gradients of each of the first steps, with dropout."""
    for step, batch in enumerate(first(bench, 9)):
        set_step(bench.dropouts, step)
        loss = bench.training.loss(answers(batch), batch.labels)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        yield [loss.detach(), *(gradient for gradient in gradients if gradient is not None)]


@pytest.mark.parametrize("bench", TASKS, indirect=True, ids=lambda task: task.kind)
def test_a_replay_gives_the_bits_of_the_step(bench: Bench) -> None:
    replays = replays_of(bench, in_its_place)
    parameters = list(replays.parameters)

    replayed = list(learned(bench, lambda batch: replays.answers(batch.inputs, 0), parameters))
    expected = list(learned(bench, lambda batch: bench.network(batch.inputs, 0), parameters))

    assert any(replays.recorded.values())
    for ours, theirs in zip(replayed, expected, strict=True):
        assert len(ours) == len(theirs)
        assert all(map(torch.equal, ours, theirs))


def test_a_recording_that_gives_other_bits_is_not_used(bench: Bench) -> None:
    replays = replays_of(bench, lambda step, numbers: lambda others: step(others) * (1 + 1e-6))
    (batch, *_) = first(bench, 1)

    answers = [step_of(bench, lambda: replays.answers(batch.inputs, 0)) for _ in range(3)]

    expected = step_of(bench, lambda: bench.network(batch.inputs))
    assert list(replays.recorded.values()) == [None]
    assert all(torch.equal(found, expected) for found in answers)


def test_a_recording_whose_gradients_differ_is_not_used(bench: Bench) -> None:
    """The same answers, and a bias that learns twice as fast from them."""

    def hasty(step: nn.Module, numbers: Tensor) -> Step:
        bias = bench.network.head.linear.bias
        return lambda others: step(others) + (bias - bias.detach())

    replays = replays_of(bench, hasty)
    (batch, *_) = first(bench, 1)

    for _ in range(3):
        replays.answers(batch.inputs, 0)

    assert list(replays.recorded.values()) == [None]


def test_what_cannot_be_recorded_is_computed_as_ever(bench: Bench) -> None:
    tried = []

    def refusing(step: nn.Module, numbers: Tensor) -> Step:
        tried.append(step)
        raise RuntimeError("operation not permitted when stream is capturing")

    replays = replays_of(bench, refusing)
    (batch, *_) = first(bench, 1)

    answers = [step_of(bench, lambda: replays.answers(batch.inputs, 0)) for _ in range(4)]

    expected = step_of(bench, lambda: bench.network(batch.inputs))
    assert len(tried) == 1
    assert all(torch.equal(found, expected) for found in answers)
    assert all(dropout.lanes is None for dropout in bench.dropouts)


def test_shapes_that_come_once_are_not_recorded_and_few_are(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SHAPES", 1)
    replays = replays_of(bench, in_its_place)
    small, large = (pack_of(texts) for texts in (8, 80))

    replays.answers(small, 0)
    assert not replays.recorded
    for batch in (large, small, large, small, large):
        replays.answers(batch, 0)

    assert [shape for shape, found in replays.recorded.items() if found] == [(0, small.shipped[1])]


def pack_of(texts: int) -> Packed:
    """So many texts of six words, of which the first is read."""
    reads = np.stack([np.arange(texts), np.zeros(texts, dtype=np.int64)], axis=1)
    return pack(np.full(6 * texts, 5), None, np.full(texts, 6), reads, CPU, in_rows=True)


@pytest.mark.parametrize("prepares", [False, True])
def test_turns_made_ahead_are_the_same(bench: Bench, prepares: bool) -> None:
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    ahead = Ahead(turns([part], 0, 7, CPU))
    seen = []
    for step, _, batch in ahead:
        if prepares:
            ahead.prepare()
            ahead.prepare()
        seen.append((step, batch.examples.tolist()))

    assert seen == [(step, batch.examples.tolist()) for step, _, batch in turns([part], 0, 7, CPU)]
