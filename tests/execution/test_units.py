"""Whole heads and neurons go whole: exactly as many as asked for, and nothing leaves what is removed."""

import copy
from collections.abc import Collection

import pytest
import torch
from attrs import evolve
from small_world import World, fine_tune, warm
from torch import Tensor
from torch.func import functional_call

from runtime.jobs.bench import Bench, set_up
from runtime.models.padded import side_by_side
from runtime.pruning import magnitude, snip
from runtime.pruning.budget import Ground
from runtime.pruning.mask import Mask
from runtime.pruning.material import Material
from runtime.pruning.units import Group, groups_of, spread, units_of
from runtime.store import Artifact
from runtime.training.batches import collate
from runtime.training.gradients import mean_gradients
from ticketlang.jobs import DrawMask, JobKey, Prune
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

HEADS, NEURONS, WIDTH = 2, 64, 32  # a layer of the tiny model, of which there are two
HEAD, NEURON = 4 * WIDTH * WIDTH // HEADS, 2 * WIDTH  # weights of one


def prune(percent: int, *scope: str, method: str = "magnitude", allocation: str = "global", **more: object) -> Prune:
    batches = 2 if method == "snip" else None
    of = Pruning(method=method, allocation=allocation, scope=scope, batches=batches)  # type: ignore[arg-type]
    given = {"weights": None, "start": None, **more}
    return Prune(model="m", pruning=of, sparsity=Sparsity.percent(percent), **given)  # type: ignore[arg-type]


def draw(percent: int, *scope: str, like: JobKey | None = None) -> DrawMask:
    return DrawMask(model="m", scope=scope, sparsity=Sparsity.percent(percent), seed=1, like=like)


def mask_of(artifact: Artifact) -> Mask:
    return Mask.read(artifact.path("mask.safetensors"))


def matrices(world: World) -> dict[str, Tensor]:
    state = world.workshop.model("m").read_again()
    return {name: weight for name, weight in state.items() if name.startswith("encoder") and weight.ndim == 2}


def groups(world: World, *kinds: str) -> tuple[Group, ...]:
    return tuple(group for kind in kinds for group in groups_of(kind, matrices(world), HEADS))


def removed(mask: Mask, of: Collection[Group]) -> dict[str, list[int]]:
    units = units_of(mask, of)
    return {name: (~bits).nonzero().flatten().tolist() for name, bits in units.kept.items()}


def slices(group: Group, unit: int) -> dict[str, tuple[slice, slice]]:
    """Rows and columns of one unit, written down by hand."""
    size = WIDTH // HEADS if group.kind == "heads" else 1
    own, whole = slice(unit * size, (unit + 1) * size), slice(None)
    return {**dict.fromkeys(group.rows, (own, whole)), group.columns: (whole, own)}


@pytest.mark.parametrize("kind", ["heads", "neurons"])
def test_units_of_the_smallest_norm_go_first(world: World, kind: str) -> None:
    weights, of = matrices(world), groups(world, kind)
    norms = {
        (group.name, unit): float(
            sum(weights[name][place].square().sum() for name, place in slices(group, unit).items())
        )
        for group in of
        for unit in range(group.count)
    }

    artifact = world.do(prune(50, kind))

    gone = {(name, unit) for name, units in removed(mask_of(artifact), of).items() for unit in units}
    assert gone == set(sorted(norms, key=norms.__getitem__)[: len(norms) // 2])


@pytest.mark.parametrize("kind", ["heads", "neurons"])
def test_a_removed_unit_is_gone_whole_and_nothing_else_is(world: World, kind: str) -> None:
    mask, of = mask_of(world.do(prune(25, kind))), groups(world, kind)

    expected = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in matrices(world).items()}
    for group in of:
        for unit in removed(mask, of)[group.name]:
            for name, place in slices(group, unit).items():
                expected[name][place] = False
    assert all(torch.equal(bits, expected[name]) for name, bits in mask.kept.items())
    assert mask.kept.keys() == {name for group in of for name in (*group.rows, group.columns)}
    assert list(mask.kept) == [name for name in matrices(world) if name in mask.kept], "in the order of the network"


def test_shares_are_those_of_units_of_each_kind(world: World) -> None:
    """30% of four heads is one head, and of 128 neurons 38: the weights follow, and are counted."""
    artifact = world.do(prune(30, "heads", "neurons"))

    checks = {check.name: check.found for check in artifact.certificate.checks}
    assert checks["as many heads are removed as declared"] == 1
    assert checks["as many neurons are removed as declared"] == 38
    assert artifact.result["removed"] == 1 * HEAD + 38 * NEURON
    assert artifact.result["total"] == 4 * HEAD + 128 * NEURON


def test_per_layer_takes_the_same_share_of_each_layer(world: World) -> None:
    mask = mask_of(world.do(prune(50, "heads", "neurons", allocation="per layer")))
    gone = removed(mask, groups(world, "heads", "neurons"))
    assert sorted(map(len, gone.values())) == [1, 1, NEURONS // 2, NEURONS // 2]


def test_levels_of_units_nest(world: World) -> None:
    first = world.do(prune(30, "heads", "neurons"))
    second = world.do(prune(60, "heads", "neurons", start=first.key))

    assert mask_of(second).is_inside(mask_of(first))
    assert second.certificate.facts["prunings"] == 2


def test_nothing_leaves_a_unit_that_is_removed(world: World) -> None:
    """Whatever its biases are: the network answers the same with others."""
    mask = mask_of(world.do(prune(50, "heads", "neurons")))
    bench = bench_of(world)
    trunk = bench.network.trunk
    mask.apply_(dict(trunk.named_parameters()))
    moved = copy.deepcopy(trunk)
    biases = dict(moved.named_parameters())
    for group in groups(world, "heads", "neurons"):
        for unit in removed(mask, [group])[group.name]:
            for name in group.rows:
                rows, _ = slices(group, unit)[name]
                biases[name.replace("weight", "bias")].data[rows] += 3.0
    batch = collate(bench.data.train, next(bench.training.order.from_step(0, 1)), torch.device("cpu"), bits=0)

    with torch.no_grad():
        before, after = (each.eval()(**side_by_side(batch.inputs, 0)).last_hidden_state for each in (trunk, moved))
    assert torch.equal(before, after)


def bench_of(world: World) -> Bench:
    weights = world.workshop.model("m").read_again()
    return set_up(fine_tune(warm()), weights, None, None, None, world.workshop)


@pytest.mark.parametrize("kind", ["heads", "neurons"])
def test_the_gradient_of_a_gate_is_that_of_a_factor_on_the_unit(world: World, kind: str) -> None:
    """Michel et al. 2019, equation 2, with a gate of our own on what each unit gives to the rest."""
    bench = bench_of(world)
    names = tuple(matrices(world))
    gradients, _ = mean_gradients(bench.network, bench.data.train, bench.training, 1, names)
    weights = dict(bench.network.trunk.named_parameters())
    material = Material(weights={}, products={name: weights[name].detach() * gradients[name] for name in names})

    for group in groups(world, kind):
        gates = torch.ones(group.count, requires_grad=True)
        each = gates.repeat_interleave(weights[group.columns].shape[1] // group.count)
        scaled = {f"trunk.{group.columns}": weights[group.columns].detach() * each}
        batch = collate(bench.data.train, next(bench.training.order.from_step(0, 1)), torch.device("cpu"), bits=0)
        loss = bench.training.loss(functional_call(bench.network, scaled, (batch.inputs,)), batch.labels)
        (expected,) = torch.autograd.grad(loss, gates)
        assert torch.allclose(snip.unit_scores(material, group), expected.abs(), rtol=1e-3, atol=1e-8)


def test_units_are_pruned_by_their_gates(world: World) -> None:
    by_gate = world.do(prune(50, "heads", method="snip", training=fine_tune(warm())))
    assert by_gate.result["removed"] == 2 * HEAD
    assert by_gate.certificate.facts["examples looked at"] == 16


def test_random_units_are_as_many_and_can_copy_each_layer(world: World) -> None:
    pruned = world.do(prune(50, "heads", "neurons"))
    anywhere, alike = world.do(draw(50, "heads", "neurons")), world.do(draw(50, "heads", "neurons", like=pruned.key))
    of = groups(world, "heads", "neurons")

    assert anywhere.result["removed"] == pruned.result["removed"]
    assert units_of(mask_of(alike), of).per_matrix() == units_of(mask_of(pruned), of).per_matrix()
    assert alike.result["matrices"] == pruned.result["matrices"]
    assert removed(mask_of(anywhere), of) != removed(mask_of(pruned), of)


def test_a_random_ticket_is_the_random_mask_of_its_seed(world: World) -> None:
    for scope in (("encoder",), ("heads", "neurons")):
        ticket = world.do(evolve(prune(30, *scope, method="random"), seed=1))
        further = world.do(evolve(prune(60, *scope, method="random"), seed=1, start=ticket.key))
        assert all(
            torch.equal(bits, mask_of(ticket).kept[n]) for n, bits in mask_of(world.do(draw(30, *scope))).kept.items()
        )
        assert all(
            torch.equal(bits, mask_of(further).kept[n]) for n, bits in mask_of(world.do(draw(60, *scope))).kept.items()
        )
        assert mask_of(further).is_inside(mask_of(ticket))


def test_spreading_and_gathering_are_inverse(world: World) -> None:
    ground = Ground.of(("heads",), matrices(world), HEADS)
    units = Mask({group.name: torch.tensor([n % 2 == 0, True]) for n, group in enumerate(ground.groups)})
    again = units_of(spread(units, ground.groups, ground.matrices), ground.groups)
    assert all(torch.equal(bits, again.kept[name]) for name, bits in units.kept.items())


def test_the_norm_of_a_unit_counts_all_its_weights() -> None:
    group = Group(kind="heads", name="g", count=2, rows=("q",), columns="o")
    material = Material(
        weights={"q": torch.tensor([[3.0, 0.0], [0.0, 1.0]]), "o": torch.tensor([[4.0, 2.0], [0.0, 2.0]])}
    )
    assert magnitude.unit_scores(material, group).tolist() == [5.0, 3.0]
