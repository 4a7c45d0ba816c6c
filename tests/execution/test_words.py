"""Word embeddings of which the rows that are seen are trained by themselves: the others would not have moved."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from small_world import World, fine_tune, optimizer, recipe, text, warm
from torch import Tensor, nn

from runtime.jobs.bench import Bench, set_up
from runtime.training import loop
from runtime.training.loop import train
from runtime.training.words import SeenWords, see_words, trained_parameters
from ticketlang.study import Task


def bench_of(world: World, task: Task) -> Bench:
    return set_up(fine_tune(task), world.workshop.model("m").read_again(), None, None, None, world.workshop)


def test_a_training_of_the_rows_that_are_seen_is_that_of_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With dropout and clipping, through two epochs; what is not seen keeps its bits."""
    task = warm(recipe=recipe(epochs=2))
    before = world.workshop.model("m").read_again()
    seen, whole = bench_of(world, task), bench_of(world, task)

    first = train(seen.network, None, seen.dropouts, seen.data.train, seen.training, lambda step, steps: None)
    monkeypatch.setattr(loop, "see_words", lambda network, examples, decays: None)
    second = train(whole.network, None, whole.dropouts, whole.data.train, whole.training, lambda step, steps: None)

    np.testing.assert_allclose([mean for _, mean in first.curve], [mean for _, mean in second.curve], atol=1e-6)
    assert first.largest_norms == pytest.approx(second.largest_norms, rel=1e-4, abs=1e-6)
    theirs = dict(whole.network.trunk.named_parameters())
    for name, ours in seen.network.trunk.named_parameters():
        torch.testing.assert_close(ours, theirs[name], atol=2e-6, rtol=0, msg=name)
    unseen = np.setdiff1d(np.arange(18), seen.data.train.tokens)
    words = "embeddings.word_embeddings.weight"
    assert len(unseen) > 0
    assert torch.equal(dict(seen.network.trunk.named_parameters())[words][unseen], before[words][unseen])


def test_all_words_are_trained_where_all_may_move(world: World) -> None:
    """By weight decay, or by a head that answers with them."""
    decaying = bench_of(world, warm(recipe=recipe(optimizer=optimizer(decay=Fraction(1, 100)))))
    answering = bench_of(world, text())
    for bench, decays in ((decaying, True), (answering, False)):
        assert see_words(bench.network, [bench.data.train], decays=decays) is None
        parameters = trained_parameters(bench.network, None)
        assert parameters["trunk.embeddings.word_embeddings.weight"].shape[0] == 18


def test_the_network_is_whole_after_every_step(world: World) -> None:
    """So that it can be scored and kept at any time, on words that the training never sees."""
    bench = bench_of(world, warm())
    words = dict(bench.network.trunk.named_parameters())["embeddings.word_embeddings.weight"]
    states: list[Tensor] = []

    train(
        bench.network,
        None,
        bench.dropouts,
        bench.data.train,
        bench.training,
        lambda *_: states.append(words.detach().clone()),
    )

    assert all(not torch.equal(one, other) for one, other in pairwise(states[:-1]))
    table = bench.network.eval().trunk.get_input_embeddings()
    assert torch.equal(table(torch.arange(18)), words)


def test_padding_inside_of_a_text_gets_no_gradient() -> None:
    """As in nn.Embedding; a model's row of padding stays as it is."""
    whole = nn.Embedding(10, 4, padding_idx=2)
    ids = torch.tensor([2, 5, 2, 7])
    whole(ids).sum().backward()
    seen = SeenWords(whole, torch.tensor([2, 5, 7]))

    seen(ids).sum().backward()

    assert torch.equal(seen.rows.grad, whole.weight.grad[[2, 5, 7]])
    assert seen.rows.grad[0].abs().sum() == 0


def test_a_word_that_was_not_said_to_be_seen_is_an_error() -> None:
    seen = SeenWords(nn.Embedding(10, 4), torch.tensor([2, 5]))
    with pytest.raises(IndexError):
        seen(torch.tensor([3]))
