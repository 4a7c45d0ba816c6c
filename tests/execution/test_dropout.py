"""Dropout: the right share, the right scale, and a stream of its own."""

import pytest
import torch
from torch import nn

from runtime.models.dropout import Dropout, plant_dropout, set_step


def test_the_share_and_the_mean_are_right() -> None:
    """Of 400,000 entries a tenth goes, give or take six standard deviations, and the rest makes up for it."""
    dropped = Dropout(0.1, bits=1)(torch.ones(1000, 400))

    assert abs(float((dropped == 0).float().mean()) - 0.1) < 6 * (0.09 / 400_000) ** 0.5
    scales = dropped[dropped != 0].unique()
    assert scales.tolist() == pytest.approx([1 / (1 - 6554 / 65536)])  # of the share in 16 bits


def test_gradients_pass_where_values_pass() -> None:
    x = torch.ones(50, 50, requires_grad=True)
    dropped = Dropout(0.5, bits=1)(x)
    dropped.sum().backward()
    assert torch.equal(x.grad, dropped.detach())


def test_each_step_and_layer_and_time_draws_anew_and_always_the_same() -> None:
    """The second time of a step is another layer's, where layers share their parts; a portion is a batch of its own."""
    x = torch.ones(100, 10)
    layer, other = Dropout(0.5, bits=1), Dropout(0.5, bits=2)
    moments = [(step, portion) for step in (0, 1) for portion in (0, 1)]

    def drawn(layer: Dropout) -> list[torch.Tensor]:
        found = []
        for step, portion in moments:
            set_step([layer], step, portion)
            found += [layer(x), layer(x)]
        return found

    first, again, others = drawn(layer), drawn(layer), drawn(other)
    assert all(torch.equal(one, same) for one, same in zip(first, again, strict=True))
    assert len({tuple(found.flatten().tolist()) for found in (*first, *others)}) == 2 * len(first)


def test_nothing_is_dropped_in_evaluation_or_without_a_share() -> None:
    x = torch.randn(10, 10)
    assert Dropout(0.5, bits=1).eval()(x) is x
    assert Dropout(0.0, bits=1)(x) is x


def test_every_dropout_of_a_network_is_replaced() -> None:
    network = nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.3)))
    planted = plant_dropout(network, 1, "task")
    set_step(planted, 5)

    assert [dropout.share for dropout in planted] == [0.1, 0.3]
    assert len({dropout.bits for dropout in planted}) == 2
    assert all(dropout.step == 5 for dropout in planted)
    assert not [module for module in network.modules() if isinstance(module, nn.Dropout)]
