"""Steps that are recorded and replayed learn what they would have learned, or are not replayed.

Graphs of CUDA are to be had on a GPU alone (test_gpu.py): here, a recording is the step, at the place of its numbers.
"""

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_world import World, count, fine_tune, make_model, spans, text, warm
from torch import Tensor, nn

from runtime.jobs.bench import Bench, set_up
from runtime.models.dropout import set_step
from runtime.models.packing import Packed, pack
from runtime.training import replay
from runtime.training.batches import Batch
from runtime.training.learner import Learner
from runtime.training.replay import Record, Replays, Step
from runtime.training.turns import Ahead, Part, turns
from runtime.training.words import see_words, trained_parameters

CPU = torch.device("cpu")
TASKS = [warm(), count(), spans(length=14), text(head="pretrained")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shape is recorded the second time that it comes."""
    monkeypatch.setattr(replay, "TIMES", 1)


@pytest.fixture
def bench(tmp_path: Path, data_folder: Path, request: pytest.FixtureRequest) -> Bench:
    make_model(tmp_path / "m", has_head=True)
    world = World.open(tmp_path / "m", data_folder, tmp_path / "store")
    job = fine_tune(getattr(request, "param", warm()))
    return set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)


def first(bench: Bench, count: int) -> list[Batch]:
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    return [batch for _, _, batch in turns([part], 0, count, CPU, in_rows=True)]


def in_its_place(step: nn.Module, numbers: Tensor, pool: object = None) -> Step:
    """What two graphs do: all that is computed stands where it stood for the batch before, gradients, too."""
    parameters = [parameter for parameter in step.parameters() if parameter.requires_grad]
    answers = step(numbers)
    gradients = torch.autograd.grad(answers, parameters, torch.ones_like(answers), allow_unused=True)
    places = [None if gradient is None else gradient.clone() for gradient in gradients]
    found = answers.detach().clone()

    class Replayed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *parameters: Tensor) -> Tensor:
            with torch.enable_grad():
                ctx.answers = step(numbers)
            return found.copy_(ctx.answers.detach()).detach()

        @staticmethod
        def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
            new = torch.autograd.grad(ctx.answers, parameters, upstream, allow_unused=True)
            return tuple(
                None if place is None or gradient is None else place.copy_(gradient).detach()
                for place, gradient in zip(places, new, strict=True)
            )

    def replayed(others: Tensor) -> Tensor:
        numbers.copy_(others)
        return Replayed.apply(*parameters)  # type: ignore[no-any-return, no-untyped-call]  # has none

    return replayed


def replays_of(bench: Bench, record: Record) -> Replays:
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
        yield [loss.detach(), *(gradient.clone() for gradient in gradients if gradient is not None)]


@pytest.mark.parametrize("bench", TASKS, indirect=True, ids=lambda task: task.kind)
def test_a_replay_gives_the_bits_of_the_step(bench: Bench) -> None:
    replays = replays_of(bench, in_its_place)
    parameters = list(replays.parameters)

    replayed = list(learned(bench, lambda batch: replays.answers(batch.inputs, 0), parameters))
    expected = list(learned(bench, lambda batch: bench.network(batch.inputs, 0), parameters))

    assert replays.recorded
    for ours, theirs in zip(replayed, expected, strict=True):
        assert len(ours) == len(theirs)
        assert all(map(torch.equal, ours, theirs))


def test_a_recording_that_gives_other_bits_is_not_used(bench: Bench) -> None:
    replays = replays_of(bench, lambda step, numbers, pool: lambda others: step(others) * (1 + 1e-6))
    one, other = two_alike(bench)
    step_of(bench, lambda: replays.answers(one.inputs, 0))

    found = step_of(bench, lambda: replays.answers(other.inputs, 0))

    assert not replays.recorded
    assert replays.cannot
    assert torch.equal(found, step_of(bench, lambda: bench.network(other.inputs)))


def test_a_recording_whose_gradients_differ_is_not_used(bench: Bench) -> None:
    """The same answers, and a bias that learns twice as fast from them."""

    def hasty(step: nn.Module, numbers: Tensor, pool: object) -> Step:
        bias = bench.network.head.linear.bias
        return lambda others: step(others) + (bias - bias.detach())

    replays = replays_of(bench, hasty)
    for batch in two_alike(bench):
        replays.answers(batch.inputs, 0)

    assert not replays.recorded
    assert replays.cannot


def test_what_cannot_be_recorded_is_computed_as_ever(bench: Bench) -> None:
    tried = []

    def refusing(step: nn.Module, numbers: Tensor, pool: object) -> Step:
        tried.append(step)
        raise RuntimeError("operation not permitted when stream is capturing")

    replays = replays_of(bench, refusing)
    one, other = two_alike(bench)

    for batch in (one, other, one, other):
        found = step_of(bench, lambda batch=batch: replays.answers(batch.inputs, 0))
        assert torch.equal(found, step_of(bench, lambda batch=batch: bench.network(batch.inputs)))

    assert len(tried) == 1
    assert all(dropout.lanes is None for dropout in bench.dropouts)


def test_shapes_that_come_once_are_not_recorded_and_few_are(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SHAPES", 1)
    replays = replays_of(bench, in_its_place)
    small, again, large, more = pack_of(8, 5), pack_of(8, 6), pack_of(80, 5), pack_of(80, 6)

    replays.answers(small, 0)
    replays.answers(small, 0)
    replays.answers(large, 0)
    assert not replays.recorded  # the very same numbers would show nothing
    for batch in (more, large, again, small, more):
        replays.answers(batch, 0)

    assert list(replays.recorded) == [(0, large.shipped[1])]


def baked(step: nn.Module, numbers: Tensor, pool: object) -> Step:
    """A recording that answers to its own batch alone."""
    return lambda others: step(numbers)


def without_dropout_of_its_own(step: nn.Module, numbers: Tensor, pool: object) -> Step:
    """A recording that drops at each step what it dropped when it was made."""
    lanes = {key: place.clone() for key, place in step.lanes.places.items()}

    def replayed(others: Tensor) -> Tensor:
        step.lanes.places.update(lanes)
        return step(others)  # type: ignore[no-any-return]  # modules are callables of Any

    return replayed


@pytest.mark.parametrize("record", [baked, without_dropout_of_its_own])
def test_a_recording_that_holds_on_to_its_batch_is_found_out(bench: Bench, record: Record) -> None:
    replays = replays_of(bench, record)
    one, other = two_alike(bench)

    replays.answers(one.inputs, 0)
    replays.answers(other.inputs, 0)

    assert replays.cannot


def two_alike(bench: Bench) -> list[Batch]:
    """Two batches of the same shapes."""
    by_layout: dict[object, list[Batch]] = {}
    for batch in first(bench, 12):
        assert batch.inputs.shipped is not None
        by_layout.setdefault(batch.inputs.shipped[1], []).append(batch)
    return max(by_layout.values(), key=len)[:2]


# A learner with replays


def learner_of(bench: Bench, replays: Replays | None, **changed: Any) -> Learner:
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    return Learner(bench.network, [part], bench.network.zero_grad, bench.dropouts, replays=replays, **changed)


def gradients_of(learner: Learner, *batches: Batch) -> list[Tensor]:
    """Of the last of four steps, by turns."""
    for step in range(4):
        learner.network.zero_grad()
        learner.learn(batches[step % len(batches)], 0, step)
    return [p.grad.clone() for p in learner.network.parameters() if p.grad is not None]


def test_portions_are_not_replayed(bench: Bench) -> None:
    """Gradients of all portions add up, and a replay would write over those of the portion before."""
    batches = two_alike(bench)
    expected = gradients_of(learner_of(bench, None, size=4), *batches)
    replays = Replays(bench.network.train(), bench.dropouts, list(bench.network.parameters()), in_its_place)

    found = gradients_of(learner_of(bench, replays, size=4), *batches)

    assert not replays.recorded
    assert all(map(torch.equal, found, expected))


def test_where_memory_is_short_recordings_go_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch is learned whole then, as it would be without any."""
    batches = two_alike(bench)
    replays = Replays(bench.network.train(), bench.dropouts, list(bench.network.parameters()), in_its_place)
    learner = learner_of(bench, replays)
    gradients_of(learner, *batches)
    assert replays.recorded
    answers = Replays.answers

    def short(self: Replays, *of: Any) -> Tensor:
        if self.recorded:
            raise MemoryError
        return answers(self, *of)

    monkeypatch.setattr(Replays, "answers", short)
    found = gradients_of(learner, *batches)

    assert learner.changes == []
    assert replays.cannot
    assert all(map(torch.equal, found, gradients_of(learner_of(bench, None), *batches)))


def test_what_was_recorded_goes_with_the_learner(bench: Bench) -> None:
    """A recording refers to itself, so that nobody's leaving it is enough."""
    ways: list[weakref.ref[object]] = []

    def circular(step: nn.Module, numbers: Tensor, pool: object) -> Step:
        replayed = in_its_place(step, numbers)
        step.way = replayed
        ways.append(weakref.ref(step))
        return replayed

    replays = Replays(bench.network.train(), bench.dropouts, list(bench.network.parameters()), circular)
    learner = learner_of(bench, replays)
    gradients_of(learner, *two_alike(bench))
    assert ways
    assert ways[0]() is not None

    learner.close()

    assert ways[0]() is None


def test_what_is_done_meanwhile_is_no_part_of_the_step(bench: Bench) -> None:
    """The next batch not fitting into memory is no reason to learn this one in portions."""
    batch, _ = two_alike(bench)
    learner = learner_of(bench, None)

    def failing() -> None:
        raise MemoryError("of the next batch")

    with pytest.raises(MemoryError, match="of the next batch"):
        learner.learn(batch, 0, 0, failing)
    assert learner.changes == []


def pack_of(texts: int, word: int) -> Packed:
    """So many texts of a word six times, of which the first is read."""
    reads = np.stack([np.arange(texts), np.zeros(texts, dtype=np.int64)], axis=1)
    return pack(np.full(6 * texts, word), None, np.full(texts, 6), reads, CPU, in_rows=True)


@pytest.mark.parametrize("prepares", [False, True])
def test_turns_made_ahead_are_the_same(bench: Bench, prepares: bool) -> None:
    part = Part(bench.data.train, bench.training.order, bench.training.loss)
    ahead = Ahead(turns([part], 0, 7, CPU))
    seen = []
    for step, _, batch in ahead:
        if prepares:
            ahead.prepare()
            ahead.prepare()
        seen.append((step, batch))

    expected = [(step, batch) for step, _, batch in turns([part], 0, 7, CPU)]
    assert [step for step, _ in seen] == [step for step, _ in expected]
    for (_, one), (_, other) in zip(seen, expected, strict=True):
        assert torch.equal(one.inputs.tokens, other.inputs.tokens)
        assert torch.equal(one.labels, other.labels)
