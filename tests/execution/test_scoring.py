"""When a network is scored: after its last step, or where it was best."""

from fractions import Fraction
from typing import Any

import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file
from small_world import SEEDS, World, count, fine_tune, recipe, spans, text, warm

from runtime.failures import JobFailed
from runtime.jobs.bench import set_up
from runtime.jobs.scoring import Best, refuse_no_numbers, scores_of
from runtime.models.network import Network
from runtime.models.packing import Packed
from runtime.training.evaluation import predict
from ticketlang.jobs import ReachRewindPoint
from ticketlang.study import Task
from ticketlang.units import Duration

EPOCHS = 6
TASK = warm(recipe=recipe(epochs=EPOCHS, rate=Fraction(1, 200)), metrics=("accuracy", "matthews"))


def scores_after(world: World, task: Task, epoch: int, part: str) -> dict[str, float]:
    """The scores of the dense network after an epoch: it is reached by a job of its own, and scored from outside."""
    if epoch == EPOCHS:
        left = world.do(fine_tune(evolve(task, best_on=None)))
    else:
        until = Duration(Fraction(epoch), "epochs")
        left = world.do(
            ReachRewindPoint(
                model="m", task=evolve(task, best_on=None), data="data", until=until, seeds=SEEDS, precision="fp32"
            )
        )
    weights, head = (load_file(left.path(f"{name}.safetensors")) for name in ("weights", "head"))
    bench = set_up(fine_tune(task), weights, head, None, None, world.workshop)
    return scores_of(task, bench.network, getattr(bench.data, part), bench.data.classes)


@pytest.mark.parametrize("best_on", ["validation", "train"])
def test_the_best_epoch_is_scored(world: World, best_on: str) -> None:
    """Chosen on one split by the metric that decides, the first of equals; scored on the other."""
    task = evolve(TASK, best_on=best_on)
    result: dict[str, Any] = world.do(fine_tune(task)).result
    found = [scores_after(world, task, epoch, "best")["accuracy"] for epoch in range(1, EPOCHS + 1)]
    best = found.index(max(found)) + 1

    assert len(set(found)) > 1
    assert result["best"] == {"on": best_on, "score": max(found), "step": best * 12, "looks": EPOCHS}
    assert result["scores"] == scores_after(world, task, best, "score")


def test_looking_changes_nothing_but_the_scores(world: World) -> None:
    """What is pruned and passed on is the network after its last step, to the bit."""
    looked, plain = world.do(fine_tune(evolve(TASK, best_on="validation"))), world.do(fine_tune(TASK))
    assert looked.result["learning_curve"] == plain.result["learning_curve"]
    for name in ("weights.safetensors", "head.safetensors"):
        assert looked.path(name).read_bytes() == plain.path(name).read_bytes()
    assert looked.certificate.facts["scored"] == "on validation, where it was best on validation"
    assert looked.result["scores"]["accuracy"] >= plain.result["scores"]["accuracy"]
    assert "best" not in plain.result


def test_of_equals_the_first_is_taken(world: World) -> None:
    task = evolve(TASK, best_on="validation")
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)
    best = Best(task, bench.network, bench.data)
    best.look(12)
    best.look(24)
    assert (best.step, best.looks) == (12, 2)


def test_the_end_is_looked_at_although_no_epoch_ends_there(world: World) -> None:
    task = evolve(TASK, best_on="validation", recipe=recipe(train=Duration(Fraction(16), "steps")))
    assert world.do(fine_tune(task)).result["best"]["looks"] == 2


@pytest.mark.parametrize("task", [warm(), count(), spans(length=14), text()], ids=lambda task: task.kind)
def test_answers_that_are_no_numbers_are_no_score(world: World, task: Task) -> None:
    """The likeliest class would be the first, a correlation would be told as 0."""
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)
    with torch.no_grad():
        next(bench.network.head.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(JobFailed, match="numbers that a network answers to a batch are not finite: it has diverged"):
        scores_of(task, bench.network, bench.data.score, bench.data.classes)


def scored_at_once(network: Network, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let a network have memory for so many texts, and tell how many it was asked at once."""
    asked, forward = [], Network.forward

    def limited(self: Network, batch: Packed, part: int = 0) -> torch.Tensor:
        asked.append(int(batch.texts.max()) + 1)
        if asked[-1] > most:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return forward(self, batch, part)

    monkeypatch.setattr(Network, "forward", limited)
    return asked


def test_what_does_not_fit_is_asked_by_halves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    task = spans(length=14)
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)
    answers = predict(bench.network, bench.data.score, lambda given, labels: given)

    asked = scored_at_once(bench.network, 9, monkeypatch)
    torch.testing.assert_close(predict(bench.network, bench.data.score, lambda given, labels: given), answers)
    assert asked[:4] == [32, 16, 8, 8]
    assert asked.count(8) >= len(bench.data.score) // 8

    scored_at_once(bench.network, 0, monkeypatch)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        predict(bench.network, bench.data.score, lambda given, labels: given)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(JobFailed, match="the score by pearson is no finite number"):
        refuse_no_numbers({"pearson": float("nan")})
