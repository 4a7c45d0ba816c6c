"""What surviving weights are reset to: the declared point, to the bit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_world import World, fine_tune, make_model, warm
from torch import Tensor

from runtime.failures import BrokenInvariant, JobFailed
from runtime.jobs import fine_tune as fine_tuning
from runtime.models.scopes import prunable
from runtime.models.trunk import Pretrained, load
from runtime.pruning.mask import Mask
from runtime.weights.files import digest_of, state_of
from runtime.weights.origin import origin
from runtime.weights.random import redraw
from runtime.weights.shuffled import shuffle, shuffle_layers
from ticketlang import jobs
from ticketlang.study import Pruning
from ticketlang.units import Sparsity

QUERY = "encoder.layer.0.attention.self.query.weight"


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Pretrained:
    return load(model_folder)


def nowhere(key: jobs.JobKey) -> Path:
    raise AssertionError("no job is read")


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name, tensor in one.items() if not torch.equal(tensor, other[name])}


def test_pretrained_weights_are_those_of_the_file(model: Pretrained, model_folder: Path) -> None:
    found = origin(jobs.Pretrained(), None, model, nowhere)
    assert not differing(found, load_file(model_folder / "model.safetensors"))


def test_random_weights_are_drawn_as_the_configuration_says(model: Pretrained) -> None:
    """Normal with the deviation of the model; no bias; norms at one; nothing in padding."""
    drawn = redraw(model.pattern, 0.02, seed=1)

    normal = torch.cat([t.flatten() for n, t in drawn.items() if t.ndim == 2 and "word_embeddings" not in n])
    assert abs(float(normal.mean())) < 6 * 0.02 / normal.numel() ** 0.5
    assert float(normal.std()) == pytest.approx(0.02, rel=0.03)
    assert drawn.keys() == model.read_again().keys()
    for name, tensor in drawn.items():
        if name.endswith("bias"):
            assert not tensor.any()
        elif "LayerNorm" in name:
            assert bool((tensor == 1).all())
    words = drawn["embeddings.word_embeddings.weight"]
    assert not words[0].any()
    assert bool(words[1:].all())


def test_each_matrix_has_its_own_stream(model: Pretrained) -> None:
    alone = redraw(model.pattern, 0.02, 1, only=[QUERY])
    assert list(alone) == [QUERY]
    assert torch.equal(alone[QUERY], redraw(model.pattern, 0.02, 1)[QUERY])
    assert not torch.equal(alone[QUERY], redraw(model.pattern, 0.02, 2)[QUERY])
    assert not torch.equal(alone[QUERY], redraw(model.pattern, 0.02, 1)[QUERY.replace("query", "key")])


def test_only_the_pruned_matrices_can_be_random(model: Pretrained) -> None:
    mask = Mask.of_all({QUERY: torch.empty(32, 32)})
    found = origin(jobs.RandomWeights(over="pruned matrices", seed=1), mask, model, nowhere)

    assert differing(found, model.read_again()) == {QUERY}
    with pytest.raises(JobFailed, match="no mask"):
        origin(jobs.RandomWeights(over="pruned matrices", seed=1), None, model, nowhere)


def test_shuffled_matrices_hold_the_same_numbers_elsewhere(model: Pretrained) -> None:
    before = model.read_again()
    after = shuffle(before, [QUERY], seed=1)

    assert differing(after, before) == {QUERY}
    assert torch.equal(after[QUERY].flatten().sort().values, before[QUERY].flatten().sort().values)
    assert float((after[QUERY] == before[QUERY]).float().mean()) < 0.05
    assert not torch.equal(after[QUERY], shuffle(before, [QUERY], seed=2)[QUERY])


def test_a_kept_state_does_not_follow_the_network(model_folder: Path) -> None:
    network = load(model_folder).pattern
    kept = state_of(network)
    digest = digest_of(kept)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    assert digest_of(kept) == digest


def test_a_digest_knows_every_bit_and_name() -> None:
    state = {"a": torch.zeros(3), "b": torch.zeros(2, 2)}
    same = {"b": torch.zeros(2, 2), "a": torch.zeros(3)}
    assert digest_of(state) == digest_of(same)
    assert digest_of(state) != digest_of({"a": torch.tensor([0.0, 0.0, -0.0]), "b": torch.zeros(2, 2)})
    assert digest_of(state) != digest_of({"a": torch.zeros(3), "b": torch.zeros(4)})


def test_a_ticket_begins_with_the_pretrained_weights(world: World, model_folder: Path) -> None:
    """After a round of training and pruning, what the next round starts from is the file's, to the bit."""
    dense = world.do(fine_tune(warm()))
    pruning = Pruning(method="magnitude", allocation="global", scope=("encoder",))
    prune = jobs.Prune(model="m", pruning=pruning, sparsity=Sparsity.percent(50), weights=dense.key, start=None)
    mask = Mask.read(world.do(prune).path("mask.safetensors"))
    expected = load_file(model_folder / "model.safetensors")
    mask.apply_(expected)

    ticket = world.do(fine_tune(warm(), mask=jobs.key_of(prune)))

    check = ticket.certificate.checks[0]
    assert check.name == "weights after rewinding are bit-equal to the declared point"
    assert check.expected == check.found == digest_of(expected)


def test_weights_that_were_not_rewound_fail_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bug of published code: the next round goes on from the trained weights."""
    trained = load_file(world.do(fine_tune(warm())).path("weights.safetensors"))
    declared = fine_tuning.origin
    answers = iter([lambda *of: trained, declared])
    monkeypatch.setattr(fine_tuning, "origin", lambda *of: next(answers)(*of))

    with pytest.raises(BrokenInvariant, match="bit-equal to the declared point"):
        world.do(fine_tune(warm(limit=8)))


def test_a_model_without_a_pooler_reads_the_first_token(tmp_path: Path, data_folder: Path) -> None:
    folder = make_model(tmp_path / "bare", has_pooler=False)
    world = World.open(folder, data_folder, tmp_path / "store")
    left = world.do(fine_tune(warm(limit=16)))

    assert not [name for name in load_file(left.path("weights.safetensors")) if "pooler" in name]
    with pytest.raises(JobFailed, match="this model has no pooler"):
        world.do(
            jobs.DrawMask(model="m", scope=("encoder", "pooler"), sparsity=Sparsity.percent(50), seed=1, like=None)
        )


def test_pruned_matrices_go_back_and_the_rest_stays(world: World) -> None:
    trained = world.do(fine_tune(warm()))
    left = load_file(trained.path("weights.safetensors"))
    model = world.workshop.model("m")
    mask = Mask.of_all({QUERY: left[QUERY]})

    declared = jobs.PartlyRewound(matrices=jobs.Pretrained(), rest=trained.key)
    found = origin(declared, mask, model, lambda key: trained.path("weights.safetensors"))
    assert differing(found, left) == {QUERY}
    assert torch.equal(found[QUERY], model.read_again()[QUERY])


def test_layers_change_places_whole(model: Pretrained) -> None:
    """One permutation for all matrices that are named; whatever is not named stays."""
    state = model.read_again()
    names = [name for name in state if name.endswith(("query.weight", "key.weight"))]
    moved = [shuffle_layers(state, names, seed) for seed in range(8)]

    assert all(differing(state, found) == set(names) for found in moved), "a shuffle that moves nothing is the ticket"
    assert all(torch.equal(found[QUERY], state[QUERY.replace("layer.0", "layer.1")]) for found in moved)
    assert not differing(moved[3], shuffle_layers(state, names, 3))


def test_one_layer_has_no_other_place(model: Pretrained) -> None:
    """Nothing would be shuffled, and the baseline be the ticket."""
    state = model.read_again()
    names = [name for name in prunable(model.pattern, ("encoder",)) if ".layer.0." in name]
    with pytest.raises(JobFailed, match="one layer of its own"):
        shuffle_layers(state, names, 1)
