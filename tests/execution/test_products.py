"""Products in bf16 are the same numbers where a processor has none: rounded alike, and multiplied in fp32."""

from typing import Any

import numpy as np
import pytest
import torch
from small_world import World, fine_tune, warm
from torch import Tensor
from torch.nn.functional import linear
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AlbertConfig, AutoModel, DebertaV2Config, MPNetConfig, PreTrainedConfig

from runtime.failures import BrokenInvariant
from runtime.jobs import beginning
from runtime.models import padded, products
from runtime.models.packing import pack

TYPE = torch.bfloat16
WORDS = 40
ROUNDED_AWAY = 1.0018  # times a number of four bits: what it adds is less than half a step of bf16


def drawn(draw: torch.Generator, *shape: int) -> Tensor:
    """Eighths from -1 to 1: sums of their products are exact in fp32, in whatever order."""
    return torch.randint(-8, 9, shape, generator=draw) / 8


@pytest.mark.parametrize("is_slow", [False, True], ids=["as torch multiplies", "emulated"])
def test_a_layer_and_its_gradients_are_of_rounded_numbers(monkeypatch: pytest.MonkeyPatch, is_slow: bool) -> None:
    monkeypatch.setattr(products, "are_slow", lambda *_: is_slow)
    draw = torch.Generator().manual_seed(1)
    states, weight, bias, upstream = (drawn(draw, *shape) for shape in ((40, 24), (32, 24), (32,), (40, 32)))
    given = [(ROUNDED_AWAY * part).requires_grad_() for part in (states, weight, bias)]
    found = products.product(*given, TYPE)
    found.backward(upstream.to(TYPE))

    expected = (linear(states, weight, bias), upstream @ weight, upstream.T @ states, upstream.sum(0))
    for one, exact in zip((found, *(part.grad for part in given)), expected, strict=True):
        assert one is not None
        assert torch.equal(one.float(), exact.to(TYPE).float())
    assert not torch.equal(found, linear(*given).to(TYPE))


class Types(TorchDispatchMode):
    """Collects the types that are multiplied, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.bmm):
            self.found |= {value.dtype for value in args if isinstance(value, Tensor)}
        return func(*args, **(kwargs or {}))


SIZES: dict[str, Any] = {
    "vocab_size": WORDS, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 32,
    "max_position_embeddings": 70, "initializer_range": 0.3,
}  # fmt: skip
CONFIGURATIONS = [
    AlbertConfig(**SIZES, embedding_size=6),
    MPNetConfig(**SIZES),
    DebertaV2Config(**SIZES, relative_attention=True, pos_att_type=["c2p", "p2c"], conv_kernel_size=3),
]


@pytest.mark.parametrize("config", CONFIGURATIONS, ids=lambda config: config.model_type)
def test_an_encoder_of_transformers_is_as_far_from_fp32_as_under_autocast(
    config: PreTrainedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a sum falls on the other side of a rounding, all that follows differs: the size of errors is what stays."""
    torch.manual_seed(1)
    trunk = AutoModel.from_config(config, attn_implementation="eager").eval()
    lengths, reads = np.array([9, 5, 7]), np.array([[0, 0], [1, 2], [2, 6]])
    batch = pack(np.random.default_rng(1).integers(2, WORDS, 21), None, lengths, reads, torch.device("cpu"))

    def read(kind: torch.dtype | None, is_slow: bool = False) -> tuple[Tensor, set[torch.dtype]]:
        """States and the gradients of all parameters, as one vector."""
        monkeypatch.setattr(products, "are_slow", lambda *_: is_slow)
        trunk.zero_grad()
        with Types() as types:
            states = padded.read(trunk, batch, kind)
            states.square().sum().backward()
        parts = [states, *(p.grad for p in trunk.parameters() if p.grad is not None)]
        return torch.cat([part.detach().flatten() for part in parts]), types.found

    exact, own, emulated = read(None), read(TYPE), read(TYPE, is_slow=True)
    errors = [float((found - exact[0]).norm()) for found, _ in (own, emulated)]

    assert own[1] == {TYPE}
    assert emulated[1] == {torch.float32}
    assert errors[0] > 1e-3 * float(exact[0].norm())
    assert 0.5 < errors[1] / errors[0] < 2


# Whether fp32 is fp32


@pytest.mark.parametrize("place", [(products, "linear"), (torch, "baddbmm")], ids=["layer", "batch"])
@pytest.mark.parametrize(("bits", "is_exact"), [(0, True), (13, False), (16, False)], ids=["fp32", "TF32", "bf16"])
def test_products_of_fp32_are_known_to_be_exact_or_not(
    monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str], bits: int, is_exact: bool
) -> None:
    """As a library that is told to would cut so many bits off what it multiplies."""
    multiply = getattr(*place)

    def cutting(*parts: Tensor) -> Tensor:
        if parts[0].dtype == torch.float64:
            return multiply(*parts)
        return multiply(*((part.contiguous().view(torch.int32) & -(1 << bits)).view(torch.float32) for part in parts))

    monkeypatch.setattr(*place, cutting)

    error = products.fp32_error(torch.device("cpu"))

    assert (1e-9 < error < products.FP32 / 10) if is_exact else error > 10 * products.FP32


def test_a_training_on_a_device_without_fp32_never_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "fp32_error", lambda device: 8e-4)
    with pytest.raises(BrokenInvariant, match=r"products of fp32 have the digits of fp32.* found errors of 8e-04"):
        world.do(fine_tune(warm()))
    assert world.notes.steps == []


def test_the_error_of_products_is_a_fact_of_a_training(world: World) -> None:
    facts = world.do(fine_tune(warm())).certificate.facts

    assert 1e-9 < facts["largest error of two products in fp32"] < 1e-6
