"""Products in bf16 on processors that have none: the same numbers, multiplied in fp32.

A product of two bf16 numbers is exact in fp32, and sums are fp32 on processors that do have bf16; so what is rounded to
bf16 before and after is the same computation, up to the order of its sums. Left to itself, PyTorch multiplies sixty
times slower there.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

MULTIPLYING = {
    *(linear, torch.matmul, torch.bmm, torch.baddbmm, torch.einsum, scaled_dot_product_attention),
    *(Tensor.matmul, Tensor.bmm, Tensor.__matmul__),
}


def are_slow(products: torch.dtype, device: torch.device) -> bool:
    """Whether a device multiplies this type only in an emulation."""
    return products == torch.bfloat16 and device.type == "cpu" and not _has_bf16()


@cache
def _has_bf16() -> bool:
    """As oneDNN tells, which multiplies; PyTorch has no public word for it."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def product(states: Tensor, weight: Tensor, bias: Tensor, products: torch.dtype) -> Tensor:
    """A linear layer over states (P, H), in and out of a type."""
    parts = (states.to(products), weight.to(products), bias.to(products))
    if are_slow(products, states.device):
        return linear(*(part.float() for part in parts)).to(products)
    return linear(*parts)


class Emulated(TorchFunctionMode):
    """Within it, whatever code multiplies does so in numbers of bf16, and in fp32."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func not in MULTIPLYING:
            return func(*args, **(kwargs or {}))
        with torch.autocast("cpu", enabled=False):
            found = func(*map(_rounded, args), **{name: _rounded(value) for name, value in (kwargs or {}).items()})
        return found.bfloat16()


def _rounded(value: Any) -> Any:
    """What autocast would multiply, as fp32."""
    is_number = isinstance(value, Tensor) and value.is_floating_point()
    return value.bfloat16().float() if is_number else value
