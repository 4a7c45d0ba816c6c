"""What each method scores weights by: the formula of its paper, on numbers small enough to check it in another way."""

from fractions import Fraction

import pytest
import torch
from attrs import evolve
from safetensors.torch import load_file
from small_world import SEEDS, World, fine_tune, recipe, same, warm
from torch import Tensor
from torch.func import functional_call

from runtime.jobs.bench import Bench, set_up
from runtime.pruning import lamp, movement, snip, synflow
from runtime.pruning.budget import approach
from runtime.pruning.mask import Mask
from runtime.pruning.material import Material
from runtime.pruning.selection import remove_lowest
from runtime.store import Artifact
from runtime.training.batches import collate
from ticketlang.jobs import JobKey, Prune, Reached
from ticketlang.study import Pruning, Task
from ticketlang.units import Sparsity

QUERY, KEY, VALUE = (f"encoder.layer.0.attention.self.{part}.weight" for part in ("query", "key", "value"))
ATTENDED = "encoder.layer.0.attention.output.dense.weight"
INNER, OUTER = "encoder.layer.0.intermediate.dense.weight", "encoder.layer.0.output.dense.weight"
POOLER = "pooler.dense.weight"


def pruning(method: str, **changed: object) -> Pruning:
    whole = {"method": method, "allocation": "global", "scope": ("encoder",), **changed}
    return Pruning(**whole)  # type: ignore[arg-type]  # whatever a test wants to change


def prune(
    of: Pruning, percent: int, weights: JobKey | None = None, start: JobKey | None = None, **more: object
) -> Prune:
    sparsity = Sparsity.percent(percent)
    return Prune(model="m", pruning=of, sparsity=sparsity, weights=weights, start=start, **more)  # type: ignore[arg-type]


def weights_of(artifact: Artifact) -> dict[str, Tensor]:
    return load_file(artifact.path("weights.safetensors"))


def mask_of(artifact: Artifact) -> Mask:
    return Mask.read(artifact.path("mask.safetensors"))


def removed_are_lowest(mask: Mask, scores: dict[str, Tensor]) -> bool:
    """Whether no kept weight of the mask scores lower than a removed one."""
    kept = torch.cat([scores[name][bits] for name, bits in mask.kept.items()])
    removed = torch.cat([scores[name][~bits] for name, bits in mask.kept.items()])
    return bool(kept.min() >= removed.max())


# SNIP


def sensitivities(bench: Bench, batches: int, mask: Mask | None) -> dict[str, Tensor]:
    """|dL/dc| at c = 1, where c multiplies every weight (Lee et al. 2019, equation 4), on all examples at once."""
    network = bench.network.eval()
    parameters = {name: parameter.detach() for name, parameter in network.named_parameters()}
    for name, bits in (mask.kept if mask else {}).items():
        parameters[f"trunk.{name}"] = parameters[f"trunk.{name}"] * bits
    factors = {
        name: torch.ones_like(weight).requires_grad_() for name, weight in parameters.items() if "encoder" in name
    }
    chosen = torch.cat([torch.from_numpy(batch) for batch in bench.training.order.from_step(0, batches)]).numpy()
    batch = collate(bench.data.train, chosen, torch.device("cpu"), bits=0)
    scaled = {name: parameters[name] * factors[name] if name in factors else parameters[name] for name in parameters}
    loss = bench.training.loss(functional_call(network, scaled, (batch.inputs,)), batch.labels)
    gradients = torch.autograd.grad(loss, list(factors.values()))
    return {name.removeprefix("trunk."): g.abs() for name, g in zip(factors, gradients, strict=True)}


def bench_of(world: World, task: Task) -> Bench:
    weights = world.workshop.model("m").read_again()
    return set_up(fine_tune(task), weights, None, None, None, world.workshop)


def test_snip_scores_by_the_derivative_of_a_factor_on_each_weight(world: World) -> None:
    """Three batches and a short one count as one large batch: 90 examples in batches of 28, 28, 28 and 6."""
    task = warm(recipe=recipe(batch=28))

    artifact = world.do(prune(pruning("snip", batches=4), 60, training=fine_tune(task)))

    scores = sensitivities(bench_of(world, task), 4, None)
    mask = mask_of(artifact)
    assert artifact.certificate.facts["examples looked at"] == 90
    assert mask.removed == round(0.6 * mask.total)
    kept = torch.cat([scores[name][bits] for name, bits in mask.kept.items()]).sort().values
    whole = torch.cat([scores[name].flatten() for name in mask.kept]).sort().values
    assert torch.allclose(kept, whole[mask.removed :], rtol=1e-3, atol=1e-9)


def test_snip_under_a_mask_looks_at_what_is_left(world: World) -> None:
    """The gradients of the second level are those of the network that the first one leaves."""
    first = world.do(prune(pruning("snip", batches=1), 50, training=fine_tune(warm())))
    training = fine_tune(warm(), mask=first.key)
    second = world.do(prune(pruning("snip", batches=1), 80, start=first.key, training=training))

    scores = sensitivities(bench_of(world, warm()), 1, mask_of(first))
    kept = torch.cat([scores[name][bits] for name, bits in mask_of(second).kept.items()]).sort().values
    whole = torch.cat([scores[name].flatten() for name in mask_of(second).kept]).sort().values
    assert torch.allclose(kept, whole[-len(kept) :], rtol=1e-3, atol=1e-9)
    assert mask_of(second).is_inside(mask_of(first))


def test_snip_of_trained_weights_uses_the_head_they_were_trained_with(world: World) -> None:
    trained = world.do(fine_tune(same()))
    own = fine_tune(same(), weights=Reached(job=trained.key), head=trained.key)
    fresh = fine_tune(same(), weights=Reached(job=trained.key))
    of = pruning("snip", batches=2)

    with_own = mask_of(world.do(prune(of, 50, trained.key, training=own)))
    with_fresh = mask_of(world.do(prune(of, 50, trained.key, training=fresh)))

    assert any(not torch.equal(bits, with_fresh.kept[name]) for name, bits in with_own.kept.items())


def test_snip_depends_on_its_seeds_and_says_where_no_gradient_came(world: World) -> None:
    one = world.do(prune(pruning("snip", batches=1), 50, training=fine_tune(warm())))
    other = world.do(prune(pruning("snip", batches=1), 50, training=fine_tune(warm(), seeds=evolve(SEEDS, order=2))))

    assert one.certificate.facts["matrices without gradient"] == []
    assert any(not torch.equal(bits, mask_of(other).kept[name]) for name, bits in mask_of(one).kept.items())


def test_the_sign_of_a_product_means_nothing_to_snip_and_everything_to_movement() -> None:
    material = Material(weights={}, products={"a": torch.tensor([-3.0, 1.0, 2.0])})
    assert snip.scores(material)["a"].tolist() == [3.0, 1.0, 2.0]
    assert movement.scores(material)["a"].tolist() == [3.0, -1.0, -2.0]


# Movement


def test_movement_is_the_sum_of_products_over_the_training(world: World) -> None:
    """Without momentum's memory: a rate so small that the weights stay, and so do the gradients of each batch."""
    task = warm(recipe=recipe(rate=Fraction(1, 10**12), batch=90))
    trained = world.do(fine_tune(task, keeps_movement=True))
    products = load_file(trained.path("movement.safetensors"))

    bench = bench_of(world, task)
    batch = collate(bench.data.train, next(bench.training.order.from_step(0, 1)), torch.device("cpu"), bits=0)
    bench.network.train()
    bench.training.loss(bench.network(batch.inputs), batch.labels).backward()

    for name, parameter in bench.network.trunk.named_parameters():
        if name in products:
            assert parameter.grad is not None
            assert torch.allclose(products[name], parameter.detach() * parameter.grad, rtol=1e-4, atol=1e-9)
    assert POOLER in products


def test_movement_removes_what_moved_towards_zero(world: World) -> None:
    trained = world.do(fine_tune(warm(recipe=recipe(epochs=2)), keeps_movement=True))
    artifact = world.do(prune(pruning("movement"), 50, trained.key))

    products = load_file(trained.path("movement.safetensors"))
    assert removed_are_lowest(mask_of(artifact), {name: -product for name, product in products.items()})


def test_adding_up_movement_changes_no_training(world: World) -> None:
    with_it = world.do(fine_tune(warm(), keeps_movement=True))
    left, certificate, weights = with_it.result, with_it.certificate, weights_of(with_it)
    without = World.do(evolve(world, made={}), fine_tune(warm()))

    assert without.key == with_it.key
    assert (without.result, without.certificate) == (left, certificate)
    assert all(torch.equal(weight, weights[name]) for name, weight in weights_of(without).items())


# SynFlow


def tiny() -> dict[str, Tensor]:
    """One block of width 3 with two neurons, and a pooler."""
    generator = torch.Generator().manual_seed(3)
    shapes = {QUERY: (3, 3), KEY: (3, 3), VALUE: (3, 3), ATTENDED: (3, 3), INNER: (2, 3), OUTER: (3, 2), POOLER: (3, 3)}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def paths(matrices: dict[str, Tensor]) -> float:
    return float(synflow.flow({name: matrix.double().abs() for name, matrix in matrices.items()}))


def test_a_synflow_score_is_the_flow_that_goes_when_the_weight_goes() -> None:
    """R is linear in each weight, so that the score, as a share of R, is what its removal takes from R."""
    matrices = tiny()
    scores = synflow.scores(Material(weights=matrices))

    for name, matrix in matrices.items():
        for place in range(matrix.numel()):
            without = matrix.clone()
            without.view(-1)[place] = 0.0
            lost = 1 - paths({**matrices, name: without}) / paths(matrices)
            assert float(scores[name].view(-1)[place]) == pytest.approx(lost, abs=1e-6)


def test_flow_is_conserved_at_every_unit_of_a_block() -> None:
    """Tanaka et al. 2020, theorem 1: what comes into a hidden unit leaves it."""
    scores = synflow.scores(Material(weights=tiny()))

    into_heads = (scores[QUERY] + scores[KEY] + scores[VALUE]).sum(1)
    assert torch.allclose(into_heads, scores[ATTENDED].sum(0))
    assert torch.allclose(scores[INNER].sum(1), scores[OUTER].sum(0))
    assert float(scores[POOLER].sum()) == pytest.approx(1.0)


def test_signs_and_data_mean_nothing_to_synflow() -> None:
    negative = {name: -matrix for name, matrix in tiny().items()}
    scores, turned = (synflow.scores(Material(weights=matrices)) for matrices in (tiny(), negative))
    assert all(torch.equal(score, turned[name]) for name, score in scores.items())


def test_what_is_left_falls_by_one_factor_at_each_iteration() -> None:
    of = pruning("synflow", iterations=4)
    left = [float(1 - sparsity.fraction) for sparsity in approach(of, Sparsity(Fraction(15, 16)), None)]
    assert left == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 16])


def test_looking_anew_keeps_paths_where_one_look_cuts_them(world: World) -> None:
    """At 99% one look leaves nothing of query, key and value, so that no path goes through attention; a hundred do."""
    one, many = (world.do(prune(pruning("synflow", iterations=n), 99)) for n in (1, 100))

    cut, still_cut = (
        {name for name, (removed, total) in artifact.result["matrices"].items() if removed == total}
        for artifact in (one, many)
    )
    assert many.result["removed"] == one.result["removed"] == round(0.99 * one.result["total"])
    assert {name for name in cut if "attention.self" in name}
    assert still_cut < cut
    assert not {name for name in still_cut if "attention" in name}


# Patterns


def test_a_pattern_is_kept_in_every_row(world: World) -> None:
    artifact = world.do(prune(pruning("magnitude", allocation="per layer", pattern=(2, 4)), 50))

    weights = world.workshop.model("m").read_again()
    for name, bits in mask_of(artifact).kept.items():
        groups = bits.reshape(-1, 4)
        assert (groups.sum(1) == 2).all()
        largest = weights[name].reshape(-1, 4).abs().topk(2).indices.sort().values
        assert torch.equal(groups.nonzero()[:, 1].reshape(-1, 2), largest)
    assert artifact.certificate.facts["pruning"] == "magnitude 2:4 of encoder"


# Shares of matrices


def test_lamp_divides_by_what_is_left() -> None:
    """Lee et al. 2021, equation 1, written out: each square over the sum of the squares from it on."""
    scores = lamp.scores(Material(weights={"a": torch.tensor([[3.0, -1.0], [2.0, 0.0]])}))["a"]
    assert torch.allclose(scores, torch.tensor([[9 / 9, 1 / 14], [4 / 13, 0 / 14]]))


def test_lamp_keeps_some_of_every_matrix_however_small_its_weights(world: World) -> None:
    """The largest weight of each matrix scores one, and so no matrix collapses before all are down to one weight."""
    weights = {"small": torch.tensor([1e-6, 2e-6, 3e-6]), "large": torch.tensor([10.0, 20.0, 30.0])}
    mask = remove_lowest(lamp.scores(Material(weights=weights)), 4)
    assert mask.per_matrix() == {"small": (2, 3), "large": (2, 3)}
    artifact = world.do(prune(pruning("lamp"), 70))
    assert artifact.result["removed"] == round(0.7 * artifact.result["total"])


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_erk_keeps_of_each_matrix_by_its_rows_and_columns(world: World, percent: int) -> None:
    """One number of weights for every row and column of a matrix, unless the matrix has no more."""
    artifact = world.do(prune(pruning("magnitude", allocation="erk", scope=("encoder", "pooler")), percent))

    shapes = {name: bits.shape for name, bits in mask_of(artifact).kept.items()}
    kept = {name: total - removed for name, (removed, total) in artifact.result["matrices"].items()}
    each = {name: kept[name] / sum(shape) for name, shape in shapes.items() if kept[name] < shape.numel()}
    assert max(each.values()) - min(each.values()) < 0.02
    assert all(shape.numel() / sum(shape) < min(each.values()) for name, shape in shapes.items() if name not in each)
    assert sum(kept.values()) == pytest.approx((1 - percent / 100) * artifact.result["total"], abs=len(kept))
    assert (percent == 10) == (len(each) < len(kept)), "at 10% square matrices are kept whole"


def test_levels_of_erk_nest(world: World) -> None:
    of = pruning("magnitude", allocation="erk")
    first = world.do(prune(of, 30))
    assert mask_of(world.do(prune(of, 60, start=first.key))).is_inside(mask_of(first))
