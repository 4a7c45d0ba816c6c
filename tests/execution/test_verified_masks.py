"""Masks of every kind, chosen once more from what is stored; and a lie about each of them is found."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from forging import forge, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import World, fine_tune, verified, warm

from runtime.masks import MASK_FILE, read_mask, write_mask
from runtime.pruning import lamp, synflow
from runtime.pruning.erdos_renyi import removed_of_each
from runtime.pruning.material import Material
from runtime.pruning.selection import remove_by_pattern, remove_lowest
from runtime.store import Store
from runtime.verification import Verified, scores, verify
from runtime.verification.selection import _parts_chosen, highest_of_neighbours, lowest_removed
from runtime.verification.shares import Part, by_erdos_renyi
from runtime.verification.shelf import Unknowable
from ticketlang.jobs import AnyJob, CombineMasks, DrawMask, Gradually, Prune, key_of
from ticketlang.study import Pruning, Rise
from ticketlang.units import Duration, Sparsity

BOTH, UNITS = ("encoder", "pooler"), ("heads", "neurons")
HALF, MORE = Sparsity.percent(50), Sparsity.percent(75)
PULLED = fine_tune(warm(), keeps_movement=True)


def prune(
    method: str = "magnitude", allocation: str = "global", scope: tuple[str, ...] = BOTH, **more: object
) -> Prune:
    pruning = Pruning(method=method, allocation=allocation, scope=scope, **more)  # type: ignore[arg-type]  # as a test says
    weights = key_of(PULLED) if method == "movement" else None
    seed = 3 if method == "random" else None
    return Prune(model="m", pruning=pruning, sparsity=HALF, weights=weights, start=None, seed=seed)


def further(job: Prune) -> Prune:
    return evolve(job, sparsity=MORE, start=key_of(job))


def steps(number: int) -> Duration:
    return Duration(Fraction(number), "steps")


RISE = Rise(begins=steps(2), ends=steps(8), every=steps(2))
GRADUAL = evolve(
    PULLED,
    gradually=Gradually(pruning=Pruning(method="magnitude", allocation="global", scope=BOTH, rise=RISE), sparsity=HALF),
)
DRAWN = DrawMask(model="m", scope=UNITS, sparsity=HALF, seed=5, like=None)
MAGNITUDE, RANDOM = prune(), prune("random")
FIRST: dict[str, Prune] = {
    "magnitude": MAGNITUDE,
    "per layer": prune(allocation="per layer"),
    "erk": prune(allocation="erk"),
    "lamp": prune("lamp"),
    "movement": prune("movement"),
    "random": RANDOM,
    "2:4": prune(pattern=(2, 4)),
    "movement 2:4": prune("movement", pattern=(2, 4)),
    "units": prune(scope=UNITS),
    "units per layer": prune(allocation="per layer", scope=UNITS),
    "random units": prune("random", scope=UNITS),
    "synflow": prune("synflow", iterations=7),
    "synflow per layer": prune("synflow", allocation="per layer", iterations=40),
    "synflow erk": prune("synflow", allocation="erk", iterations=40),
    "snip": evolve(prune("snip", batches=2), training=fine_tune(warm(), keeps_weights=False)),
    "snip of units": evolve(prune("snip", scope=UNITS, batches=2), training=fine_tune(warm(), keeps_weights=False)),
}
MASKS: dict[str, AnyJob] = {
    **FIRST,
    **{
        f"{name}, further": further(job)
        for name, job in FIRST.items()
        if job.pruning.pattern is None and job.training is None
    },
    "2:4, then 1:4": evolve(further(FIRST["2:4"]), pruning=evolve(FIRST["2:4"].pruning, pattern=(1, 4))),
    "drawn": DrawMask(model="m", scope=BOTH, sparsity=HALF, seed=4, like=None),
    "drawn in each": DrawMask(model="m", scope=BOTH, sparsity=HALF, seed=4, like=key_of(MAGNITUDE)),
    "drawn 2:4": DrawMask(model="m", scope=BOTH, sparsity=HALF, seed=4, like=None, pattern=(2, 4)),
    "drawn units": DRAWN,
    "drawn units in each": evolve(DRAWN, seed=6, like=key_of(FIRST["units"])),
    "inverted": CombineMasks(operation="inverted", masks=(key_of(MAGNITUDE),)),
    "union": CombineMasks(operation="union", masks=(key_of(MAGNITUDE), key_of(RANDOM))),
    "intersection": CombineMasks(operation="intersection", masks=(key_of(MAGNITUDE), key_of(RANDOM))),
    "gradual": GRADUAL,
}  # fmt: skip
NOT_CHOSEN_AGAIN = {"snip": "gradients are not kept", "snip of units": "gradients are not kept",
                    "gradual": "weights in the middle of a training are not kept"}  # fmt: skip


@pytest.fixture(scope="module")
def honest(model_folder: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Look, and do not touch: use `store`."""
    folder = tmp_path_factory.mktemp("honest") / "store"
    world = World.open(model_folder, data_folder, folder)
    for job in (PULLED, *MASKS.values()):
        world.do(job)
    return folder


def answers(found: Verified, things: str) -> tuple[int, dict[str, int]]:
    """How many things were looked at, and why others were not."""
    (tally,) = (tally for tally in found.tallies if tally.question.things == things)
    return tally.looked_at, dict(tally.skipped)


def test_every_mask_is_chosen_again(honest: Path, model_folder: Path) -> None:
    found = verified(Store.open(honest), model_folder)

    assert found.findings == ()
    looked_at, skipped = answers(found, "masks")
    assert looked_at == len(MASKS) - len(NOT_CHOSEN_AGAIN)
    assert skipped == {"gradients are not kept": 2, "weights in the middle of a training are not kept": 1}
    assert answers(found, "scopes") == (len(MASKS), {})
    assert answers(found, "levels")[0] == sum(isinstance(job, Prune) for job in MASKS.values())


def test_without_the_model_what_was_made_of_its_weights_is_said_not_to_be_chosen(honest: Path) -> None:
    _, skipped = answers(verify(Store.open(honest)), "masks")
    assert set(skipped) == {
        "gradients are not kept",
        "weights in the middle of a training are not kept",
        "the pre-trained weights lie elsewhere; name the SPEC that says where",
        "the model's configuration lies elsewhere; name the SPEC that says where",
    }


@pytest.mark.parametrize("name", sorted(MASKS.keys() - NOT_CHOSEN_AGAIN.keys()))
def test_a_weight_in_the_place_of_another_is_found(store: Store, model_folder: Path, name: str) -> None:
    """Of every kind of mask: as many weights go, and one of them is another."""
    forge(store, MASKS[name], moved)
    sentences = [finding.sentence for finding in verified(store, model_folder).findings]
    assert any("from the mask that its settings give" in sentence for sentence in sentences), sentences


def swap_units(folder: Path) -> None:
    """A neuron of the first layer goes in the place of another, with all that is its own."""
    kept = read_mask(folder / MASK_FILE)
    inner, outer = (kept[f"encoder.layer.0.{part}.dense.weight"] for part in ("intermediate", "output"))
    there = inner[:, 0]
    one, other = np.flatnonzero(there)[0], np.flatnonzero(~there)[0]
    inner[[one, other]], outer[:, [one, other]] = inner[[other, one]], outer[:, [other, one]]
    write_mask(folder / MASK_FILE, kept)


@pytest.mark.parametrize("name", ["units", "random units", "drawn units in each"])
def test_a_neuron_in_the_place_of_another_is_found(store: Store, model_folder: Path, name: str) -> None:
    forge(store, MASKS[name], swap_units)
    sentences = {finding.sentence for finding in verified(store, model_folder).findings}
    assert "differs in 128 weights from the mask that its settings give" in sentences


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("snip of units", "cuts through units of `encoder.layer.0 heads`"),
        ("drawn 2:4", "does not keep 2 of every 4 weights in `encoder.layer.0.attention.self.query.weight`"),
        ("2:4", "does not keep 2 of every 4 weights in `encoder.layer.0.attention.self.query.weight`"),
    ],
)
def test_what_is_no_pattern_is_found_whatever_scored_it(
    store: Store, model_folder: Path, name: str, sentence: str
) -> None:
    forge(store, MASKS[name], moved)
    assert sentence in {finding.sentence for finding in verified(store, model_folder).findings}


def without_the_pooler(folder: Path) -> None:
    kept = read_mask(folder / MASK_FILE)
    del kept["pooler.dense.weight"]
    write_mask(folder / MASK_FILE, kept)


def turned(folder: Path) -> None:
    kept = read_mask(folder / MASK_FILE)
    kept["encoder.layer.0.output.dense.weight"] = np.ascontiguousarray(kept["encoder.layer.0.output.dense.weight"].T)
    write_mask(folder / MASK_FILE, kept)


@pytest.mark.parametrize(
    ("change", "matrix"), [(without_the_pooler, "pooler.dense"), (turned, "encoder.layer.0.output.dense")]
)
def test_a_mask_of_another_scope_is_found(
    store: Store, model_folder: Path, change: Callable[[Path], None], matrix: str
) -> None:
    forge(store, MASKS["snip"], change)
    sentences = {finding.sentence for finding in verified(store, model_folder).findings}
    assert f"covers other matrices than those of encoder + pooler: see `{matrix}.weight`" in sentences


def test_a_training_that_pruned_on_its_way_has_zeros_where_its_mask_says_so(store: Store, model_folder: Path) -> None:
    forge(store, GRADUAL, moved)
    sentences = {finding.sentence for finding in verified(store, model_folder).findings}
    assert "has 1 weights in `encoder.layer.0.attention.self.query.weight` that its mask removes" in sentences


def test_a_mask_without_its_file_is_found(store: Store, model_folder: Path) -> None:
    forge(store, MASKS["snip"], lambda folder: (folder / MASK_FILE).unlink())
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence == "lacks `mask.safetensors`, which such a job leaves"


# The two ways of choosing agree: those that made the masks, and those that look at them

SHAPES = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=5
)


@settings(deadline=None)
@given(SHAPES, st.fractions(0, 1, max_denominator=1000).filter(lambda share: share < 1))
def test_shares_by_size_are_found_in_two_ways(shapes: dict[str, tuple[int, int]], share: Fraction) -> None:
    tensors = {name: torch.Size(shape) for name, shape in shapes.items()}
    assert by_erdos_renyi(shapes, share) == removed_of_each(tensors, Sparsity(share))


@settings(deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=8, max_size=32).filter(lambda row: len(row) % 8 == 0), st.integers(1, 7))
def test_neighbours_are_chosen_in_two_ways(row: list[int], kept: int) -> None:
    """Ties and all; then fewer of what was left."""
    score = np.array(row, dtype=np.float32).reshape(-1, 8)
    first = remove_by_pattern({"m": torch.from_numpy(score)}, kept, 8)
    again = highest_of_neighbours(score, kept, 8, None)
    assert np.array_equal(again, first.kept["m"].numpy())
    fewer = remove_by_pattern({"m": torch.from_numpy(-score)}, max(kept - 1, 1), 8, first)
    assert np.array_equal(highest_of_neighbours(-score, max(kept - 1, 1), 8, again), fewer.kept["m"].numpy())


@settings(deadline=None)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=30), st.data())
def test_scores_below_zero_are_chosen_in_two_ways(row: list[int], data: st.DataObject) -> None:
    """Movement has them, and what was removed before goes before all of them."""
    score = np.array(row, dtype=np.float32)
    before = data.draw(st.integers(0, len(row)))
    count = data.draw(st.integers(before, len(row)))
    start = remove_lowest({"m": torch.from_numpy(-score)}, before)
    chosen = remove_lowest({"m": torch.from_numpy(score)}, count, start)
    again = lowest_removed({"m": score}, count, {"m": start.kept["m"].numpy()})
    assert np.array_equal(again["m"], chosen.kept["m"].numpy())


def test_layer_adaptive_scores_are_equal_to_the_bit() -> None:
    weight = np.random.default_rng(0).standard_normal((70, 30)).astype(np.float32)
    weight[weight < -1] = 0
    found = lamp.scores(Material(weights={"m": torch.from_numpy(weight)}))["m"].numpy()
    assert np.array_equal(scores.lamp(weight), found)


@pytest.mark.parametrize("is_flushed", [True, False])
def test_the_smallest_scores_are_zero_on_every_machine(is_flushed: bool) -> None:
    """A share below the smallest normal number of fp32 is zero in a training, where processors flush, and elsewhere."""
    torch.set_flush_denormal(False)  # other tests may have left it so that there are no such numbers to begin with
    smallest = float(np.finfo(np.float32).tiny)
    row = [[1.0, 1e-19, 1.0843e-19, 2e-19, 1e-25, smallest, smallest / 3, -0.0]]
    weights = {"encoder.layer.0.attention.self.query.weight": torch.tensor(row)}
    stored = weights["encoder.layer.0.attention.self.query.weight"].numpy().copy()
    torch.set_flush_denormal(is_flushed)
    try:
        (found,) = lamp.scores(Material(weights=weights)).values()
    finally:
        torch.set_flush_denormal(False)

    np.testing.assert_array_equal(found.numpy().view(np.int32), scores.lamp(stored).view(np.int32))
    assert np.count_nonzero(scores.lamp(stored)) == 3
    assert 0 < stored[0, 6] < smallest, "what is stored is there"


def test_of_equals_the_first_go_and_no_others() -> None:
    """Zeros are equal to the bit whatever the order of a sum, and sums that are nearly equal are said to be so."""
    part = [Part(("m",), 2)]

    def chosen(row: list[float], kept: list[bool], *, is_summed: bool) -> list[bool]:
        scored = {"m": np.array(row, dtype=np.float32)}
        return _parts_chosen(part, scored, None, {"m": np.array(kept)}, is_summed=is_summed)["m"].tolist()

    later, first = [False, True, False, True], [False, False, True, True]
    assert chosen([0, 0, 0, 1], later, is_summed=True) == first
    assert chosen([1, 2, 2, 3], later, is_summed=False) == first
    assert chosen([1, 2, 3, 4], later, is_summed=True) == first
    assert chosen([1, 2, 2.000001, 3], first, is_summed=True) == first
    with pytest.raises(Unknowable, match=r"2 of its weights .* depend on the machine"):
        chosen([1, 2, 2.000001, 3], later, is_summed=True)


def test_flows_are_computed_in_two_ways(model_folder: Path) -> None:
    """By the gradient of the whole flow, and by what comes to a weight and what leaves it."""
    from safetensors.torch import load_file

    weights = {
        name: tensor
        for name, tensor in load_file(model_folder / "model.safetensors").items()
        if tensor.dim() == 2 and name.startswith(("encoder.", "pooler."))
    }
    found = synflow.scores(Material(weights=weights))
    again = scores.synflow({name: tensor.numpy() for name, tensor in weights.items()})
    for name, score in found.items():
        np.testing.assert_allclose(again[name], score.numpy(), rtol=1e-6)
