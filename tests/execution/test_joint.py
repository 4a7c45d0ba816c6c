"""Training on several tasks by turns: one trunk, a head for each, one batch after another."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file
from small_world import SEEDS, World, count, fine_tune, make_model, recipe, same, text, warm
from torch import nn
from transformers import AutoModel, get_linear_schedule_with_warmup

from runtime.jobs.bench import Bench, set_up
from runtime.models.padded import side_by_side
from runtime.training.batches import TrainingOrder, collate
from runtime.training.loop import Part, train, turns
from ticketlang.jobs import Reached, ReachRewindPoint
from ticketlang.study import Task
from ticketlang.units import Duration

CPU = torch.device("cpu")


@pytest.fixture
def dry_world(tmp_path: Path, data_folder: Path) -> World:
    """Without dropout, so that a loop which draws other numbers does the same; with the heads of pre-training."""
    folder = make_model(tmp_path / "m", has_head=True, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return World.open(folder, data_folder, tmp_path / "store")


def bench_of(world: World, task: Task, *joined: Task) -> Bench:
    job = fine_tune(task, joined=joined)
    return set_up(job, world.workshop.model("m").read_again(), None, None, None, world.workshop)


def parts_of(bench: Bench) -> tuple[Part, ...]:
    return (Part(bench.data.train, bench.training.order, bench.training.loss), *bench.training.joined)


def test_tasks_take_turns(world: World) -> None:
    """Each by an order of its own, with batches as large as the first task's; wherever the training sets in."""
    parts = parts_of(bench_of(world, warm(), same(recipe=recipe(batch=99)), count()))
    whole = list(turns(parts, 0, 14, CPU))

    assert [(step, part) for step, part, _ in whole] == [(step, step % 3) for step in range(14)]
    for number, name in enumerate(("warm", "same", "count")):
        own = [batch.examples for _, part, batch in whole if part == number]
        alone = TrainingOrder(90, 8, 1, name).from_step(0, len(own))
        assert all(np.array_equal(one, other) for one, other in zip(own, alone, strict=True))
    for begins in range(14):
        later = [(step, part, batch.examples.tolist()) for step, part, batch in turns(parts, begins, 14, CPU)]
        assert later == [(step, part, batch.examples.tolist()) for step, part, batch in whole[begins:]]


def test_an_epoch_has_passed_when_the_first_task_has_been_seen(world: World) -> None:
    """Steps are steps, whoever's turn it is."""
    assert bench_of(world, warm(recipe=recipe(epochs=2)), same()).training.schedule.steps == 2 * 2 * 12
    in_steps = recipe(train=Duration(Fraction(30), "steps"))
    assert bench_of(world, warm(recipe=in_steps), same()).training.schedule.steps == 30


def test_a_joint_training_is_that_of_a_plain_loop(dry_world: World) -> None:
    """Two heads on one trunk, one optimizer and one schedule; a head rests while the other task has its turn."""
    bench = bench_of(dry_world, warm(recipe=recipe(epochs=1)), count())
    trunk = AutoModel.from_pretrained(dry_world.workshop.model("m").folder, attn_implementation="eager")
    heads = nn.ModuleList([nn.Linear(32, 2), nn.Linear(32, 1)])
    for ours, theirs in zip(bench.network.heads, heads, strict=True):
        theirs.load_state_dict(ours.linear.state_dict())  # type: ignore[union-attr, operator]
    optimizer = torch.optim.AdamW([*trunk.parameters(), *heads.parameters()], lr=1e-3, weight_decay=0.0)
    rates = get_linear_schedule_with_warmup(optimizer, 0, 24)
    losses = []
    for step in range(24):
        part, task = step % 2, ("warm", "count")[step % 2]
        (chosen,) = TrainingOrder(90, 8, 1, task).from_step(step // 2, step // 2 + 1)
        batch = collate(parts_of(bench)[part].examples, chosen, CPU, bits=0)
        answers = heads[part](trunk(**side_by_side(batch.inputs, padding=0)).pooler_output)
        value = (
            nn.functional.cross_entropy(answers, batch.labels)
            if part == 0
            else ((answers[:, 0] - batch.labels) ** 2).mean()
        )
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_([*trunk.parameters(), *heads.parameters()], 1.0)
        losses.append(value.item())
        optimizer.step()
        rates.step()

    ours = train(bench.network, None, bench.dropouts, bench.data.train, bench.training, lambda step, steps: None)

    np.testing.assert_allclose([mean for _, mean in ours.curve], losses, atol=5e-6)
    for mine, theirs in zip(bench.network.heads, heads, strict=True):
        torch.testing.assert_close(mine.linear.weight, theirs.weight, atol=5e-6, rtol=0)  # type: ignore[union-attr]


def test_what_a_joint_training_leaves(dry_world: World) -> None:
    """Both heads, and scores of both; the head of masked words is that of the model, the other is drawn."""
    masked = text(head="pretrained", recipe=recipe(epochs=2))
    left = dry_world.do(fine_tune(masked, joined=(warm(),)))

    assert set(left.result["scores"]) == {"masked_accuracy", "masked_likelihood"}
    assert set(left.result["joined"]) == {"warm"}
    assert left.result["joined"]["warm"]["accuracy"] > 0
    assert left.certificate.facts["joined"]["warm"]["examples"] == 90
    heads = load_file(left.path("head.safetensors"))
    assert heads["joined.0.linear.weight"].shape == (2, 32)
    assert heads["dense.weight"].shape == (32, 32)
    assert left.certificate.holds

    again = dry_world.do(fine_tune(masked, joined=(warm(),), head=left.key, weights=Reached(job=left.key)))
    assert again.certificate.facts["head"] == "carried"
    assert again.result["learning_curve"][0][1] < left.result["learning_curve"][0][1]


def test_a_joint_rewind_point_is_the_first_part_of_the_joint_training(world: World) -> None:
    until = Duration(Fraction(5), "steps")
    task, joined = warm(), (text(),)
    point = ReachRewindPoint(
        model="m", task=task, joined=joined, data="data", until=until, seeds=SEEDS, precision="fp32"
    )
    reached, whole = world.do(point), world.do(fine_tune(task, joined=joined))
    assert reached.result["learning_curve"] == whole.result["learning_curve"][:5]

    resumed = fine_tune(task, joined=joined, weights=Reached(job=reached.key), head=reached.key, begins=until)
    after = world.do(evolve(resumed, keeps_weights=False))
    assert after.result["steps"] == whole.result["steps"] - 5
    assert after.result["learning_curve"][0] == pytest.approx(whole.result["learning_curve"][5], rel=1e-4)
