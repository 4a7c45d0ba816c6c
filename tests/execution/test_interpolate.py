"""Lines between trained networks: the ends are the trainings themselves, and the barrier is that of the paper."""

import copy

import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file
from small_world import SEEDS, World, fine_tune, recipe, same

from runtime.failures import BrokenInvariant
from runtime.jobs.interpolate import barrier
from runtime.jobs.scoring import scores_of
from runtime.models.heads import Head
from runtime.models.network import Network
from runtime.store import Artifact
from ticketlang.jobs import FineTune, Interpolate, JobKey, Prune
from ticketlang.study import Pruning, Task
from ticketlang.units import Sparsity

TASK = same(recipe=recipe(epochs=2))


def line(one: FineTune, ends: tuple[Artifact, Artifact], **changed: object) -> Interpolate:
    return evolve(
        Interpolate(
            model="m", task=one.task, data="data", one=ends[0].key, other=ends[1].key, weights=one.weights,
            mask=one.mask, seeds=one.seeds, precision="fp32",
        ),
        **changed,
    )  # fmt: skip


def twins(world: World, task: Task = TASK, mask: JobKey | None = None) -> tuple[FineTune, tuple[Artifact, Artifact]]:
    one = fine_tune(task, mask=mask)
    other = evolve(one, seeds=evolve(SEEDS, order=2, dropout=2))
    return one, (world.do(one), world.do(other))


def pruned(world: World) -> JobKey:
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder",))
    return world.do(Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(50), weights=None, start=None)).key


def test_a_line_begins_and_ends_at_its_trainings(world: World) -> None:
    one, ends = twins(world)
    found = world.do(line(one, ends)).result

    assert found["shares"] == [step / 10 for step in range(11)]
    assert (found["line"][0], found["line"][-1]) == tuple(end.result["scores"]["accuracy"] for end in ends)
    assert found["barrier"] == barrier(found["line"])
    assert found["metric"] == "accuracy"


def test_networks_on_the_line_are_weighted_means(world: World) -> None:
    """By hand: a third of the way from one to the other, head and all."""
    one, ends = twins(world)
    found = world.do(line(one, ends, points=4)).result
    model, data = world.workshop.model("m"), world.workshop.examples(TASK, "m", "data", 1)
    network = Network(
        copy.deepcopy(model.pattern), Head(model.hidden_size, 2, model.head_dropout, answers_for_whole_inputs=True)
    )
    for module, file in ((network.trunk, "weights.safetensors"), (network.head, "head.safetensors")):
        here, there = (load_file(end.path(file)) for end in ends)
        module.load_state_dict({name: here[name] * (2 / 3) + there[name] * (1 / 3) for name in here})

    assert found["line"][1] == pytest.approx(scores_of(TASK, network, data.score, 2)["accuracy"], abs=0.03)


def test_a_line_from_a_network_to_itself_is_flat(world: World) -> None:
    one, (end, _) = twins(world)
    found = world.do(line(one, (end, end))).result

    assert len(set(found["line"])) == 1
    assert (found["barrier"], found["distance"]) == (0.0, 0.0)
    same_sign, both = found["signs"]["between"]
    assert same_sign == both > 0


def test_what_is_known_of_the_ends(world: World) -> None:
    """Distance and signs by other means: all weights in one row, removed ones out of account."""
    mask = pruned(world)
    one, ends = twins(world, mask=mask)
    artifact = world.do(line(one, ends))
    a, b = (load_file(end.path("weights.safetensors")) for end in ends)
    start = world.workshop.model("m").read_again()

    rows = [torch.cat([state[name].flatten().double() for name in sorted(a)]) for state in (a, b)]
    assert artifact.result["distance"] == pytest.approx(float(torch.dist(*rows)))
    names = [name for name in a if name.startswith("encoder.") and name.endswith("weight") and a[name].dim() == 2]
    both = sum(int(((a[n] != 0) & (b[n] != 0)).sum()) for n in names)
    same_sign = sum(int(((a[n] > 0) & (b[n] > 0) | (a[n] < 0) & (b[n] < 0)).sum()) for n in names)
    kept = sum(int(((a[n] > 0) & (start[n] > 0) | (a[n] < 0) & (start[n] < 0)).sum()) for n in names)
    assert artifact.result["signs"]["between"] == [same_sign, both]
    assert artifact.result["signs"]["since the start"][0] == kept
    assert both == sum(a[n].numel() for n in names) // 2  # half of the scope was removed
    checks = {check.name: check.holds for check in artifact.certificate.checks}
    assert checks == {
        "weights at the ends of the line are bit-equal to what their trainings left": True,
        "the ends of the line score as their trainings did, to a point": True,
        "removed weights that are zero at both ends": True,
        "random numbers come from the declared seeds": True,
    }


def test_an_end_that_scores_otherwise_breaks_the_line(world: World) -> None:
    """Weights that are not those of the training whose score is stored."""
    one, ends = twins(world)
    ends[1].result = {**ends[1].result, "scores": {"accuracy": ends[1].result["scores"]["accuracy"] - 0.05}}

    with pytest.raises(BrokenInvariant, match="the ends of the line score as their trainings did"):
        world.do(line(one, ends))


def test_an_end_without_its_zeros_breaks_the_line(world: World) -> None:
    one, ends = twins(world)
    with pytest.raises(BrokenInvariant, match="removed weights that are zero at both ends"):
        world.do(line(one, ends, mask=pruned(world)))


def test_the_barrier_is_the_highest_error_minus_the_mean_of_the_ends() -> None:
    assert barrier([0.8, 0.7, 0.9]) == pytest.approx(0.15)
    assert barrier([0.8, 0.9, 0.8]) == pytest.approx(0.0)
    assert barrier([0.8, 0.85, 0.9]) == pytest.approx(0.05)  # the worse end lies on the line, too
