"""On a GPU, of whatever kind: what it computes is what a processor computes, and the same bits twice."""

from pathlib import Path
from typing import Any

import pytest
import torch
from small_world import World, count, fine_tune, spans, text, warm
from torch import Tensor

from runtime.jobs.bench import Bench, set_up
from runtime.jobs.masks import Mask
from runtime.models.scopes import prunable
from runtime.training import loop, replay
from runtime.training.evaluation import predict
from runtime.training.loop import Trained
from runtime.training.replay import Replays
from runtime.workshop import Workshop
from ticketlang.jobs import JobKey
from ticketlang.study import Task

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: all of it is about one")
TASKS = [warm(), count(), spans(length=14), text(head="pretrained")]


def trained_on(
    device: str, dry_and_wet: Path, model: str, task: Task, store: Path, **changed: object
) -> tuple[Bench, Trained]:
    """One epoch with half of the encoder's weights, by index."""
    world = World.open(dry_and_wet / model, dry_and_wet, store)
    workshop = Workshop.open(world.workshop.places, world.notes, device)
    bench = set_up(fine_tune(task, **changed), workshop.model("m").read_again(), None, None, None, workshop)
    matrices = prunable(bench.network.trunk, ["encoder"])
    mask = Mask({name: torch.arange(weight.numel()).view(weight.shape) % 2 == 0 for name, weight in matrices.items()})
    return bench, bench.train(mask, JobKey("gpu"), workshop)


def weights_of(bench: Bench) -> dict[str, Tensor]:
    return {name: parameter.detach().cpu() for name, parameter in bench.network.named_parameters()}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_a_training_learns_what_it_learns_on_a_processor(dry_and_wet: Path, tmp_path: Path, task: Task) -> None:
    """Without dropout, whose numbers are other ones there."""
    here, on_cpu = trained_on("cpu", dry_and_wet, "dry", task, tmp_path / "cpu")
    there, on_gpu = trained_on("cuda", dry_and_wet, "dry", task, tmp_path / "gpu")

    assert [loss for _, loss in on_gpu.curve] == pytest.approx([loss for _, loss in on_cpu.curve], rel=1e-4)
    for name, weight in weights_of(here).items():
        torch.testing.assert_close(weights_of(there)[name], weight, atol=1e-4, rtol=1e-3, msg=name)
    answers = [predict(bench.network, bench.data.score, lambda found, _: found) for bench in (here, there)]
    torch.testing.assert_close(answers[1], answers[0], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_the_same_training_gives_the_same_bits(dry_and_wet: Path, tmp_path: Path, task: Task, precision: str) -> None:
    (one, first), (two, second) = (
        trained_on("cuda", dry_and_wet, "wet", task, tmp_path / name, precision=precision) for name in ("one", "two")
    )

    assert first.curve == second.curve
    assert all(torch.equal(weight, weights_of(two)[name]) for name, weight in weights_of(one).items())


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_recorded_steps_give_the_bits_of_those_that_are_not(
    dry_and_wet: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "TIMES", 1)
    replays: list[Replays] = []
    used: list[object] = []
    replayed_step = replay._Recorded.replay

    def kept(*of: Any) -> Replays:
        replays.append(Replays(*of))
        return replays[-1]

    def counted(recorded: Any, numbers: Tensor) -> Tensor:
        used.append(recorded)
        return replayed_step(recorded, numbers)

    monkeypatch.setattr(loop, "Replays", kept)
    monkeypatch.setattr(replay._Recorded, "replay", counted)
    replayed, _ = trained_on("cuda", dry_and_wet, "wet", task, tmp_path / "replayed")
    monkeypatch.setattr(loop, "Replays", lambda *of: None)
    stepped, _ = trained_on("cuda", dry_and_wet, "wet", task, tmp_path / "stepped")

    tried = {id(recorded) for recorded in used}
    assert len(used) > len(tried), "this GPU records nothing, or other bits: no step was replayed but in trials"
    assert not replays[0].recorded  # their memory is given back
    assert all(torch.equal(weight, weights_of(stepped)[name]) for name, weight in weights_of(replayed).items())
