"""The training loop against a plain one, step by step; and the masks that it holds."""

import copy
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from small_world import World, count, files_of, fine_tune, make_model, optimizer, recipe, same, warm
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, get_linear_schedule_with_warmup

from runtime.failures import TrainingDiverged
from runtime.jobs.bench import set_up
from runtime.models.network import Network
from runtime.models.packing import Packed
from runtime.models.padded import side_by_side
from runtime.pruning import magnitude
from runtime.pruning.mask import Mask
from runtime.pruning.material import Material
from runtime.pruning.selection import remove_lowest
from runtime.tasks import load_examples
from runtime.training.batches import TrainingOrder, by_length, collate
from runtime.training.loop import train
from runtime.training.masking import HeldMask
from runtime.training.schedule import Schedule
from runtime.weights.files import read_state, state_of
from ticketlang.jobs import Reached, ReachRewindPoint
from ticketlang.study import Recipe, Task
from ticketlang.units import Duration

NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def silent(step: int, steps: int) -> None:
    """Nobody listens."""


@pytest.fixture(scope="session")
def dry_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model without dropout, so that a loop which draws other numbers does the same."""
    return make_model(tmp_path_factory.mktemp("dry"), **NO_DROPOUT)


@pytest.fixture
def dry_world(dry_model: Path, data_folder: Path, tmp_path: Path) -> World:
    return World.open(dry_model, data_folder, tmp_path / "store")


# The schedule


def test_the_rate_falls_from_the_peak_to_zero() -> None:
    schedule = Schedule.of(recipe(epochs=3), examples=17)  # batches of 8, 8 and 1

    assert (schedule.steps_per_epoch, schedule.steps) == (3, 9)
    assert [schedule.rate(step) for step in range(10)] == [Fraction(9 - step, 9000) for step in range(10)]


@pytest.mark.parametrize("warmup", [0, 1, 4, 9])
def test_rates_are_those_of_transformers(warmup: int) -> None:
    schedule = Schedule.of(recipe(epochs=3, warmup=Duration(Fraction(warmup), "steps")), examples=17)
    peer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1e-3)
    rates = get_linear_schedule_with_warmup(peer, warmup, 9)

    for step in range(9):
        assert float(schedule.rate(step)) == pytest.approx(rates.get_last_lr()[0])
        peer.step()
        rates.step()


@pytest.mark.parametrize("warmup", [0, 1, 7])
@pytest.mark.parametrize(("begins", "ends"), [(0, 24), (0, 1), (0, 5), (3, 24), (7, 24), (23, 24), (4, 6)])
def test_rates_are_executed_as_they_are_declared(world: World, warmup: int, begins: int, ends: int) -> None:
    """To the last step: of a whole training, of one up to a rewind point, and of one that sets in there, be it in the
    middle of the warm-up."""
    task = warm(recipe=recipe(epochs=2, warmup=Duration(Fraction(warmup), "steps")))
    first = Duration(Fraction(begins), "steps")
    last = None if ends == 24 else Duration(Fraction(ends), "steps")  # a rewind point is before the end
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, first, last, world.workshop)
    peer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1e-3)
    schedule, expected = get_linear_schedule_with_warmup(peer, warmup, 24), []
    for _ in range(24):
        expected += schedule.get_last_lr()
        peer.step()
        schedule.step()

    trained = train(bench.network, None, bench.dropouts, bench.data.train, bench.training, silent)

    assert trained.rates == pytest.approx(expected[begins:ends])
    assert trained.steps == ends - begins
    assert ends < 24 or trained.last_rate == pytest.approx(1e-3 / (24 - warmup))


# The order


def test_every_epoch_is_a_new_shuffle_of_all() -> None:
    epochs = [np.concatenate(list(TrainingOrder(20, 8, 1, "a").from_step(k * 3, k * 3 + 3))) for k in range(3)]

    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])


def test_a_later_start_sees_what_the_whole_would_have_seen() -> None:
    order = TrainingOrder(20, 8, 1, "a")
    whole = list(order.from_step(0, 12))
    assert all(np.array_equal(one, other) for one, other in zip(whole[5:], order.from_step(5, 12), strict=True))


def test_seeds_and_tasks_have_their_own_order() -> None:
    first = next(TrainingOrder(50, 50, 1, "a").from_step(0, 1))
    assert not np.array_equal(first, next(TrainingOrder(50, 50, 2, "a").from_step(0, 1)))
    assert not np.array_equal(first, next(TrainingOrder(50, 50, 1, "b").from_step(0, 1)))


def test_batches_are_those_of_the_tokenizer(dry_world: World, dry_model: Path, data_folder: Path) -> None:
    """Pairs cut at the longer text; filled up to the longest of the batch, where transformers is to see them."""
    task = same(length=9)
    encoded = dry_world.workshop.examples(task, "m", "data", 1).train
    texts = load_examples(task, files_of(data_folder, task)).train.texts
    chosen = np.array([5, 60, 0, 41])

    inputs = side_by_side(collate(encoded, chosen, torch.device("cpu"), bits=0).inputs, padding=0)

    expected = AutoTokenizer.from_pretrained(dry_model)(
        *[[column[n] for n in chosen] for column in texts],
        truncation="longest_first", max_length=9, padding="longest", return_tensors="pt",
    )  # fmt: skip
    assert all(torch.equal(inputs[name], expected[name]) for name in inputs)
    assert set(inputs) == set(expected)


def test_scoring_sees_every_example_once(dry_world: World) -> None:
    encoded = dry_world.workshop.examples(warm(), "m", "data", 1).score
    seen = list(by_length(encoded, 16))
    assert sorted(np.concatenate(seen)) == list(range(40))
    assert [encoded.lengths[chosen].max() for chosen in seen] == sorted(
        (encoded.lengths[chosen].max() for chosen in seen), reverse=True
    )


# The loop


def plain_loop(
    network: Network, task: Task, world: World, loss: Callable[[Tensor, Tensor], Tensor], steps: range, whole: int
) -> list[float]:
    """What anybody would write with torch and transformers alone. Its batches come from our order."""
    examples = world.workshop.examples(task, "m", "data", 1).train
    of = task.recipe
    optimizer = torch.optim.AdamW(network.parameters(), lr=float(of.rate), eps=1e-8, weight_decay=0.0)
    rates = get_linear_schedule_with_warmup(optimizer, 0, whole)
    order = TrainingOrder(len(examples), of.batch, 1, task.name)
    losses = []
    for step in range(steps.stop):
        if step >= steps.start:
            (chosen,) = order.from_step(step, step + 1)
            batch = collate(examples, chosen, torch.device("cpu"), bits=0)
            value = loss(network(batch.inputs), batch.labels)
            optimizer.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            losses.append(value.item())
        optimizer.step()
        rates.step()
    return losses


def plain_network(folder: Path, head: dict[str, Tensor], outputs: int) -> Network:
    """The model as transformers itself loads and runs it, with the head that ours begins with."""
    linear = nn.Linear(32, outputs)
    linear.load_state_dict({name.removeprefix("linear."): tensor for name, tensor in head.items()})
    trunk = AutoModel.from_pretrained(folder, attn_implementation="eager")

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk, self.linear = trunk, linear

        def forward(self, batch: Packed) -> Tensor:
            return self.linear(self.trunk(**side_by_side(batch, padding=0)).pooler_output)

    return Plain()  # type: ignore[return-value]  # looks like a network to the loop above


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        (warm(recipe=recipe(epochs=2)), nn.functional.cross_entropy),
        (same(recipe=recipe(epochs=2)), nn.functional.cross_entropy),
        (count(recipe=recipe(epochs=2)), lambda answers, labels: ((answers[:, 0] - labels) ** 2).mean()),
    ],
    ids=["sentences", "pairs", "scores"],
)
def test_a_training_is_that_of_a_plain_loop(
    dry_world: World, dry_model: Path, task: Task, loss: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """Losses and weights agree to rounding, through 24 steps of AdamW, clipping and the schedule."""
    job = fine_tune(task)
    bench = set_up(job, dry_world.workshop.model("m").read_again(), None, None, None, dry_world.workshop)
    plain = plain_network(dry_model, state_of(bench.network.head), 1 if task.name == "count" else 2)

    ours = train(bench.network, None, bench.dropouts, bench.data.train, bench.training, silent)
    theirs = plain_loop(plain, task, dry_world, loss, range(24), 24)

    assert ours.steps == 24
    np.testing.assert_allclose([mean for _, mean in ours.curve], theirs, atol=2e-6)
    for (name, ours_at_end), (_, theirs_at_end) in zip(
        bench.network.trunk.named_parameters(), plain.trunk.named_parameters(), strict=True
    ):
        torch.testing.assert_close(ours_at_end, theirs_at_end, atol=5e-6, rtol=0, msg=name)


def test_a_resumed_training_is_the_second_part_of_a_whole(dry_world: World, dry_model: Path) -> None:
    """From the rewind point on: its weights and head, the later batches and rates, and an optimizer without memory."""
    task = warm(recipe=recipe(epochs=2))
    until = Duration(Fraction(5), "steps")
    point = ReachRewindPoint(
        model="m", task=task, data="data", until=until, seeds=fine_tune(task).seeds, precision="fp32"
    )
    reached = dry_world.do(point)
    resumed = fine_tune(task, weights=Reached(job=reached.key), head=reached.key, begins=until)
    left = dry_world.do(resumed)

    plain = plain_network(dry_model, read_state(reached.path("head.safetensors")), 2)
    plain.trunk.load_state_dict(read_state(reached.path("weights.safetensors")))
    losses = plain_loop(plain, task, dry_world, nn.functional.cross_entropy, range(5, 24), 24)

    assert reached.result["steps"] == 5
    assert left.result["steps"] == 19
    np.testing.assert_allclose([mean for _, mean in left.result["learning_curve"]], losses, atol=2e-6)
    assert left.result["learning_curve"][-1][0] == 24


# The mask


def masked_bench(world: World, task: Task) -> tuple[Network, Mask, Callable[[Callable[[int, int], None]], object]]:
    bench = set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)
    matrices = {n: p for n, p in bench.network.trunk.named_parameters() if p.ndim == 2 and n.startswith("encoder.")}
    mask = remove_lowest(magnitude.scores(Material(weights=matrices)), sum(m.numel() for m in matrices.values()) // 2)
    return (
        bench.network,
        mask,
        lambda told: train(bench.network, mask, bench.dropouts, bench.data.train, bench.training, told),
    )


def test_removed_weights_are_zero_after_every_step(world: World) -> None:
    """With weight decay, momentum and a rate that moves everything far: looked at from outside, at each step."""
    of = recipe(epochs=2, rate=Fraction(1, 50), optimizer=optimizer(decay=Fraction(1, 2)))
    network, mask, start = masked_bench(world, warm(recipe=of))
    parameters = dict(network.trunk.named_parameters())
    before = copy.deepcopy(parameters)
    alive = []

    def look(step: int, steps: int) -> None:
        alive.append(sum(int((parameters[name] != 0)[~bits].sum()) for name, bits in mask.kept.items()))

    trained = start(look)

    assert alive == [0] * 24
    assert trained.checked_steps == 24  # type: ignore[attr-defined]
    for name, bits in mask.kept.items():
        assert (parameters[name] != before[name])[bits].float().mean() > 0.99


def test_a_weight_that_comes_back_is_found(world: World) -> None:
    network, mask, _ = masked_bench(world, warm())
    parameters = dict(network.trunk.named_parameters())
    held = HeldMask(mask, parameters)
    name, bits = next(iter(mask.kept.items()))

    assert held.revived() == ()
    with torch.no_grad():
        row, column = (~bits).nonzero()[-1].tolist()
        parameters[name][row, column] = 1e-30
    assert held.revived() == (name,)


def test_clipping_sees_masked_gradients_alone(world: World) -> None:
    """The norm that clips is that of what is trained: removed weights take no share of it."""
    network, mask, start = masked_bench(world, warm())
    trained = start(silent)
    name = next(iter(mask.kept))
    parameter = dict(network.trunk.named_parameters())[name]
    parameter.grad = torch.ones_like(parameter)
    HeldMask(Mask({name: mask.kept[name]}), {name: parameter}).mask_gradients_()

    assert torch.equal(parameter.grad, mask.kept[name].float())
    assert trained.largest_norms[f"trunk.{name}"] > 0  # type: ignore[attr-defined]


# What goes wrong


def test_a_loss_that_is_not_finite_stops_the_training(world: World) -> None:
    """It says at which step, rate and examples."""
    wild: Recipe = recipe(epochs=3, rate=Fraction(10) ** 36, optimizer=optimizer(clip=None))

    with pytest.raises(
        TrainingDiverged, match=r"was not finite at step \d+, at a learning rate of .*examples \d+"
    ) as it:
        world.do(fine_tune(warm(recipe=wild)))

    assert it.value.step > 0
    assert len(it.value.batch) == 8


# Seeds


def test_the_same_job_gives_the_same_bits(model_folder: Path, data_folder: Path, tmp_path: Path) -> None:
    """With dropout, in two worlds, whatever the global generators do."""
    left = []
    for number in (1, 2):
        torch.manual_seed(number)
        np.random.seed(number)
        left.append(World.open(model_folder, data_folder, tmp_path / str(number)).do(fine_tune(warm())))

    one, other = left
    assert one.result == other.result
    for name in ("weights.safetensors", "head.safetensors"):
        assert one.path(name).read_bytes() == other.path(name).read_bytes()


def test_a_training_leaves_the_global_generators_alone(world: World) -> None:
    world.do(fine_tune(warm()))
    state = torch.get_rng_state()
    world.do(fine_tune(warm(), seeds=evolve(fine_tune(warm()).seeds, order=2)))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("role", ["head", "order", "dropout", "subset"])
def test_each_seed_matters(world: World, role: str) -> None:
    task = warm(limit=64)
    job = fine_tune(task)
    other = evolve(job, seeds=evolve(job.seeds, **{role: 2}))
    assert world.do(job).result["learning_curve"] != world.do(other).result["learning_curve"]


def test_a_rate_may_fall_over_several_rounds() -> None:
    """Each begins at the peak, and the first nine tenths of it are left at the end of one of ten."""
    schedule = Schedule.of(evolve(recipe(epochs=3), rounds=10), examples=17)
    assert schedule.rate(0) == schedule.peak
    assert schedule.rate(schedule.steps) == schedule.peak * Fraction(9, 10)
