"""What certificates hold, and that each invariant fails its job when it is broken for real."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file, save_file
from small_world import SEEDS, World, fine_tune, make_model, recipe, same, text, warm

from runtime.failures import BrokenInvariant
from runtime.jobs import bench
from runtime.jobs import fine_tune as training_jobs
from runtime.jobs.masks import mask_of
from runtime.pruning.mask import Mask
from runtime.pruning.selection import remove_by_pattern, remove_lowest
from runtime.store import Artifact
from runtime.tensors import digest_of_numbers
from runtime.training import loop
from runtime.training.masking import HeldMask
from runtime.training.optimizer import adamw
from runtime.training.schedule import Schedule
from runtime.training.seeds import stream
from ticketlang.jobs import (
    DrawMask,
    FineTune,
    PartlyRewound,
    Pretrained,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    TrainingSeeds,
)
from ticketlang.study import Pruning
from ticketlang.units import Duration, Sparsity

UNTIL = Duration(Fraction(3), "steps")
POINT = ReachRewindPoint(model="m", task=warm(), data="data", until=UNTIL, seeds=SEEDS, precision="fp32")
PRUNING = Pruning(method="magnitude", allocation="global", scope=("encoder",))
HALF = Prune(model="m", pruning=PRUNING, sparsity=Sparsity.percent(50), weights=None, start=None)


@pytest.fixture
def mask(world: World) -> Artifact:
    return world.do(HALF)


@pytest.fixture
def ticket(mask: Artifact) -> FineTune:
    return fine_tune(warm(), mask=mask.key)


# What is in one


def test_a_ticket_says_how_it_was_made(world: World, ticket: FineTune, mask: Artifact) -> None:
    facts = world.do(ticket).certificate.facts
    rates = [float(Fraction(12 - step, 12_000)) for step in range(12)]

    assert facts["learning rate"] == {"first": rates[0], "last": rates[-1], "trace": digest_of_numbers(rates)}
    assert facts["trained on"]["examples"] == 90
    assert facts["scored on"]["examples"] == 40
    assert facts["sparsity"] == 0.5
    assert facts["collapsed"] == []
    assert set(facts["scope"]) == set(mask.result["matrices"])
    assert (facts["head"], facts["weights"]) == ("fresh", "Pretrained")


def test_examples_are_known_by_what_the_network_sees(world: World) -> None:
    """The digest is that of tokens and labels: another length, limit or seed of the subset is another."""
    tasks = (warm(), warm(), warm(length=5), warm(limit=60), same())
    seen = [world.do(fine_tune(task)).certificate.facts["trained on"]["digest"] for task in tasks]
    other_seed = evolve(SEEDS, subset=2)
    seen.append(world.do(fine_tune(warm(limit=60), seeds=other_seed)).certificate.facts["trained on"]["digest"])
    assert seen[0] == seen[1]
    assert len(set(seen)) == 5


def test_every_seed_is_named(world: World, ticket: FineTune) -> None:
    facts = world.do(evolve(ticket, weights=RandomWeights(over="all", seed=4))).certificate.facts
    assert facts["seeds"] == {"head": 1, "order": 1, "dropout": 1, "subset": 1, "weights": 4}


def test_heads_are_called_by_their_policy(world: World, ticket: FineTune) -> None:
    """Whatever weights are beside them."""
    point, dense = world.do(POINT), world.do(fine_tune(warm()))
    weights = Reached(job=point.key)
    jobs = {
        "fresh": ticket,
        "carried": evolve(ticket, head=dense.key),
        "rewound": evolve(ticket, head=point.key, weights=weights, begins=UNTIL),
    }
    random = evolve(jobs["rewound"], weights=RandomWeights(over="all", seed=1))
    assert {policy: world.do(job).certificate.facts["head"] for policy, job in jobs.items()} == {p: p for p in jobs}
    assert world.do(random).certificate.facts["head"] == "rewound"


def test_a_schedule_over_several_rounds_ends_where_it_says(world: World) -> None:
    task = warm(recipe=evolve(recipe(), rounds=10))
    checks = {check.name: check for check in world.do(fine_tune(task)).certificate.checks}
    last = checks["the learning rate of the last step is the declared end"]
    assert last.found == float(Fraction(120 - 11, 120_000))


# What breaks one


def broken(world: World, job: Any, sentence: str) -> None:
    with pytest.raises(BrokenInvariant, match=sentence):
        world.do(job)


def test_an_optimizer_that_moves_every_weight(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    class Drifting(torch.optim.AdamW):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]  # torch's may give a loss back
            super().step(closure)
            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.add_(1e-12)

    monkeypatch.setattr(loop, "adamw", lambda parameters, of: Drifting(parameters, lr=0.0))
    broken(world, ticket, "are not zero after step 0: the mask did not hold")


def test_a_mask_that_comes_off(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds it, and nobody looks; at the end the holes are counted all the same."""
    monkeypatch.setattr(HeldMask, "mask_gradients_", lambda held: None)
    monkeypatch.setattr(HeldMask, "revived", lambda held: ())
    broken(world, ticket, "each matrix has as many zeros at the end as its mask removes")


def test_a_mask_that_comes_off_in_the_middle(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held for five steps, and from then on by nobody."""
    mask_gradients, steps = HeldMask.mask_gradients_, count()
    monkeypatch.setattr(HeldMask, "mask_gradients_", lambda held: mask_gradients(held) if next(steps) < 5 else None)
    broken(world, ticket, "are not zero after step 5: the mask did not hold")


def test_a_training_that_skips_a_step(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(torch.optim.AdamW):
        calls = 0

        def step(self, closure: Any = None) -> None:  # type: ignore[override]  # torch's may give a loss back
            self.calls += 1
            if self.calls != 5:
                super().step(closure)

    monkeypatch.setattr(loop, "adamw", lambda parameters, of: Lazy(parameters, lr=0.0))
    broken(world, ticket, "as many steps as declared; expected 12, found 11")


def test_a_schedule_that_does_not_fall(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Schedule, "rate", lambda schedule, step: schedule.peak)
    broken(world, ticket, "the learning rate of the last step is the declared end")


def test_a_schedule_that_does_not_fall_up_to_a_rewind_point(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which ends in the middle of a schedule."""
    monkeypatch.setattr(Schedule, "rate", lambda schedule, step: schedule.peak)
    broken(world, POINT, "the learning rate of the last step is the declared end")


def test_a_schedule_of_another_shape(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins and ends as the declared one does, and stays high in between."""
    rate = Schedule.rate
    monkeypatch.setattr(Schedule, "rate", lambda its, step: rate(its, step if step in {0, its.steps - 1} else 1))
    broken(world, ticket, "the learning rate of every step is that of the schedule")


def test_a_training_of_fewer_epochs(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of steps that was copied from another task."""
    whole = Schedule.of
    monkeypatch.setattr(Schedule, "of", lambda of, examples, tasks=1: whole(of, examples // 2, tasks))
    broken(world, ticket, "as many steps as declared; expected 12, found 6")


def test_an_optimizer_that_does_not_follow_the_schedule(
    world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays at the first rate."""

    def set_once(optimizer: torch.optim.Optimizer, rate: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] or rate

    monkeypatch.setattr(loop, "set_rate", set_once)
    broken(world, ticket, "the learning rate of the last step is the declared end")


def test_a_rate_that_reaches_some_weights_alone(
    world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(parameters: list[torch.nn.Parameter], of: Any) -> torch.optim.AdamW:
        optimizer = adamw(parameters, of)
        optimizer.param_groups[1] = {**optimizer.param_groups[1], "lr": 1.0}
        return optimizer

    def set_first(optimizer: torch.optim.Optimizer, rate: float) -> None:
        optimizer.param_groups[0]["lr"] = rate

    monkeypatch.setattr(loop, "adamw", stuck)
    monkeypatch.setattr(loop, "set_rate", set_first)
    broken(world, ticket, "the learning rate of the last step")


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A network in which one weight of a named part is not what it was set to."""
    wanted: list[str] = []
    build = training_jobs.set_up

    def set_up(*given: Any) -> Any:
        bench = build(*given)
        with torch.no_grad():
            parameter = dict(bench.network.named_parameters())[wanted[0]]
            parameter.view(-1)[0] = parameter.view(-1)[0].nextafter(torch.tensor(9.0))
        return bench

    monkeypatch.setattr(training_jobs, "set_up", set_up)
    return wanted


def test_one_bit_of_one_weight_that_was_not_rewound(world: World, ticket: FineTune, nudged: list[str]) -> None:
    nudged.append("trunk.embeddings.word_embeddings.weight")
    broken(world, ticket, "weights after rewinding are bit-equal to the declared point")


def test_one_bit_of_a_head_that_was_not_rewound(world: World, ticket: FineTune, nudged: list[str]) -> None:
    point = world.do(POINT)
    nudged.append("head.linear.weight")
    rewound = evolve(ticket, head=point.key, weights=Reached(job=point.key), begins=UNTIL)
    broken(world, rewound, "the head is bit-equal to the declared one")


def test_a_mask_that_brings_weights_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest go, in place of the smallest: those that were removed before are the last to be."""

    def remove_highest(scores: dict[str, torch.Tensor], count: int, start: Mask | None) -> Mask:
        return remove_lowest({name: -score for name, score in scores.items()}, count)

    first = world.do(HALF)
    monkeypatch.setattr("runtime.pruning.budget.remove_lowest", remove_highest)
    second = evolve(HALF, sparsity=Sparsity.percent(60), start=first.key)
    broken(world, second, "what is kept was kept by the mask before")


def test_a_pruning_that_never_happened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path has three of them, and one was done before: a count copied from elsewhere."""
    first = world.do(evolve(HALF, prunings=1))
    third = evolve(HALF, sparsity=Sparsity.percent(60), start=first.key, prunings=3)
    broken(world, third, "as many prunings were done as declared; expected 3, found 2")
    monkeypatch.setattr("runtime.pruning.budget.remove_lowest", lambda scores, count, start: Mask.of_all(scores))
    broken(world, evolve(third, prunings=2), "as many weights are removed as declared")


def test_a_rewind_point_that_begins_elsewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.jobs import reach_rewind_point

    dense = load_file(world.do(fine_tune(warm())).path("weights.safetensors"))
    build = reach_rewind_point.set_up
    monkeypatch.setattr(reach_rewind_point, "set_up", lambda job, weights, *rest: build(job, dense, *rest))
    broken(world, POINT, "weights after rewinding are bit-equal to the declared point")


def test_every_way_back_to_weights_is_held_against_the_files(
    world: World, mask: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever fills a network cannot vouch for it: here it is wrong each time it is asked."""
    point = world.do(POINT)
    pretrained = world.workshop.model("m").read_again()

    def unmoved(*given: Any) -> dict[str, torch.Tensor]:
        return {name: weight.clone() for name, weight in pretrained.items()}

    monkeypatch.setattr("runtime.weights.origin.shuffle", unmoved)
    monkeypatch.setattr("runtime.weights.origin.shuffle_layers", unmoved)
    monkeypatch.setattr("runtime.weights.origin.redraw", unmoved)
    monkeypatch.setattr("runtime.weights.origin.read_state", unmoved)
    for weights in (
        Shuffled(weights=Pretrained(), seed=1),
        Shuffled(weights=Pretrained(), seed=1, over="layers"),
        RandomWeights(over="all", seed=1),
        RandomWeights(over="pruned matrices", seed=1),
        Reached(job=point.key),
        PartlyRewound(matrices=Pretrained(), rest=point.key),
    ):
        broken(world, fine_tune(warm(), mask=mask.key, weights=weights), "weights after rewinding are bit-equal")


def test_a_pretrained_network_that_is_no_longer_that(
    world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The published bug: the copy that is to be restored goes on with the training."""
    trained = load_file(world.do(fine_tune(warm())).path("weights.safetensors"))
    monkeypatch.setattr("runtime.models.trunk.read_trunk", lambda *given: dict(trained))
    broken(world, ticket, "weights after rewinding are bit-equal to the declared point")


def test_another_mask_of_the_same_counts(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upside down in every matrix: no count could tell."""

    def other(key: Any, inputs: Any) -> Mask | None:
        found = mask_of(key, inputs)
        return found and Mask({name: bits.flip(0) for name, bits in found.kept.items()})

    monkeypatch.setattr(training_jobs, "mask_of", other)
    broken(world, ticket, "weights after rewinding are bit-equal to the declared point")


def test_a_head_from_another_stream(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = bench.fresh_head
    monkeypatch.setattr(bench, "fresh_head", lambda empty, deviation, bits: drawn(empty, deviation, bits + 1))
    broken(world, ticket, "the head is bit-equal to the declared one")


@pytest.mark.parametrize(
    ("place", "role"),
    [("runtime.training.batches", "order"), ("runtime.jobs.bench", "head"), ("runtime.models.dropout", "dropout")],
)
def test_a_seed_that_is_not_the_declared_one(
    world: World, monkeypatch: pytest.MonkeyPatch, place: str, role: str
) -> None:
    monkeypatch.setattr(f"{place}.stream", lambda seed, *names: stream(seed + 7, *names))
    of = "the head is bit-equal" if role == "head" else f"declared seeds; expected .1. of `{role}`, found .8."
    broken(world, fine_tune(warm()), of)


def test_a_mask_that_is_drawn_from_another_seed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.pruning.random.stream", lambda seed, *names: stream(seed + 7, *names))
    drawn = DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(30), seed=2, like=None)
    broken(world, drawn, "declared seeds; expected .2. of `mask`, found .9.")


def test_a_pruning_of_other_weights(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the training began with, in place of those that it left."""
    dense, pretrained = world.do(fine_tune(warm())), world.workshop.model("m").read_again()
    monkeypatch.setattr("runtime.jobs.prune.read_state", lambda path, names: {name: pretrained[name] for name in names})
    broken(world, evolve(HALF, weights=dense.key), "the weights that are scored are bit-equal to the declared ones")


@pytest.mark.parametrize("allocation", ["per layer", "erk"])
def test_a_budget_that_is_shared_out_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch, allocation: Literal["per layer", "erk"]
) -> None:
    """As many in all, and under one threshold."""

    def together(scores: Any, counts: dict[str, int], start: Mask | None = None) -> Mask:
        return remove_lowest(scores, sum(counts.values()), start)

    monkeypatch.setattr("runtime.pruning.budget.remove_of_each", together)
    job = evolve(HALF, pruning=evolve(PRUNING, allocation=allocation))
    broken(world, job, r"of each matrix are removed as declared; expected \d+ of `encoder.layer.0.attention")


def test_a_random_mask_with_other_shares(world: World, mask: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "runtime.jobs.draw_mask.remove_of_each",
        lambda scores, counts: remove_lowest(scores, sum(counts.values())),
    )
    like = DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(50), seed=1, like=mask.key)
    broken(world, like, "as many weights of each matrix are removed as declared")


def test_a_pattern_with_a_group_that_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row by one place further: as many in every matrix, and no group of four as it was."""

    def shifted(scores: Any, kept: int, of: int, start: Mask | None) -> Mask:
        found = remove_by_pattern(scores, kept, of, start)
        return Mask({name: bits.roll(1, dims=1) for name, bits in found.kept.items()})

    monkeypatch.setattr("runtime.pruning.budget.remove_by_pattern", shifted)
    job = evolve(HALF, pruning=evolve(PRUNING, pattern=(2, 4)))
    broken(world, job, "as many of every few neighbours are kept as declared")


@pytest.mark.parametrize("form", ["pickle", "bf16"])
def test_weights_in_other_forms_are_held_against_their_files_too(
    form: str, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the trunk, and of the head that the model was pre-trained with."""
    folder = make_model(tmp_path / "model", has_head=True)
    weights = load_file(folder / "model.safetensors")
    if form == "pickle":
        torch.save(weights, folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    else:
        halves = {name: tensor.bfloat16() for name, tensor in weights.items()}
        save_file(halves, folder / "model.safetensors", {"format": "pt"})
    world = World.open(folder, data_folder, tmp_path / "store")
    job = fine_tune(text(head="pretrained"))
    assert world.do(job).certificate.holds
    monkeypatch.setattr("runtime.weights.origin.redraw", lambda *given: world.workshop.model("m").read_again())
    broken(world, evolve(job, weights=RandomWeights(over="all", seed=1)), "weights after rewinding are bit-equal")


def test_what_is_broken_leaves_no_result(world: World, ticket: FineTune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Schedule, "rate", lambda schedule, step: schedule.peak)
    job = evolve(ticket, weights=Pretrained())
    with pytest.raises(BrokenInvariant):
        world.do(job)
    assert len(world.store.stored()) == 1  # the mask


def test_certificates_say_which_seeds_were_drawn_from(world: World) -> None:
    """As it happened, not as it was declared: what is rewound is not drawn, and what is not drawn has no seed there."""
    seeds = TrainingSeeds(head=11, order=12, dropout=13, subset=14, masking=15)
    mask = world.do(DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(30), seed=16, like=None))
    dense = world.do(fine_tune(warm(), seeds=seeds))
    again = world.do(
        fine_tune(warm(), seeds=seeds, mask=mask.key, head=dense.key, weights=RandomWeights(over="all", seed=17))
    )

    drawn = [made.certificate.facts["seeds drawn from"] for made in (mask, dense, again)]
    assert drawn[0] == {"mask": [16]}
    assert drawn[1] == {"dropout": [13], "head": [11], "order": [12], "question": [15]}
    assert drawn[2] == {"dropout": [13], "order": [12], "question": [15], "weights": [17]}
