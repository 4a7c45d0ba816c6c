"""Products in bf16 are the same numbers on a processor that has none: rounded alike, and multiplied in fp32."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear
from transformers import BertConfig, BertModel

from runtime.models import products

TYPE = torch.bfloat16


def found_by(way: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, ...]:
    """A layer's output and its gradients: as torch multiplies bf16 by itself, or by our emulation."""
    monkeypatch.setattr(products, "are_slow", lambda *_: way == "emulated")
    draw = torch.Generator().manual_seed(1)
    states, weight, bias, upstream = (
        torch.randn(shape, generator=draw) for shape in ((40, 24), (32, 24), (32,), (40, 32))
    )
    parts = [part.requires_grad_() for part in (states, weight, bias)]
    found = products.product(states, weight, bias, TYPE)
    found.backward(upstream.to(TYPE))
    return (found.detach(), *(part.grad for part in parts if part.grad is not None))


def test_a_layer_and_its_gradients_are_those_of_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the order of sums, which may cross where a number is rounded: by one step of eight bits at most."""
    own, emulated = (found_by(way, monkeypatch) for way in ("own", "emulated"))

    assert [part.dtype for part in emulated] == [part.dtype for part in own] == [TYPE, *[torch.float32] * 3]
    for one, other in zip(own, emulated, strict=True):
        torch.testing.assert_close(other.float(), one.float(), rtol=2**-7, atol=2**-7 * float(one.abs().max()))


def test_an_encoder_of_transformers_is_as_far_from_fp32_as_under_autocast() -> None:
    """Where a sum falls on the other side of a rounding, all that follows differs: the size of errors is what stays."""
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        initializer_range=0.2,
    )  # fmt: skip
    torch.manual_seed(1)
    trunk = BertModel(config).eval()
    tokens = torch.randint(50, (3, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        with torch.autocast("cpu", TYPE):
            own = trunk(tokens).last_hidden_state
            with products.Emulated():
                emulated = trunk(tokens).last_hidden_state
        exact = trunk(tokens).last_hidden_state

    errors = [float((states - exact).norm()) for states in (own, emulated)]
    assert 0.7 < errors[1] / errors[0] < 1.4
    assert errors[0] > 1e-3 * float(exact.norm())


def test_what_is_no_product_keeps_its_type() -> None:
    with products.Emulated():
        assert torch.softmax(torch.ones(3), 0).dtype == torch.float32
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == TYPE
        assert linear(torch.ones(2, 2), torch.ones(2, 2)).dtype == TYPE
