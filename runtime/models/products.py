"""Products in bf16 where oneDNN has none, as on x86 below AVX-512: numbers of bf16, multiplied in fp32.

A product of two bf16 numbers is exact in fp32, but for overflow and underflow, and processors with bf16 add such
products up in fp32. So numbers are rounded before and after each product as they would be there. Sums differ in their
order alone, but for gradients of a layer that is used several times, which are added up in fp32. Left to itself,
PyTorch multiplies bf16 in plain loops there.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

FP32 = 1e-5  # products whose errors are above are of numbers with fewer digits

# The products that encoders of transformers are made of.
MULTIPLYING = {linear, torch.matmul, torch.bmm, torch.conv1d, Tensor.matmul, Tensor.bmm, Tensor.__matmul__}


def product(states: Tensor, weight: Tensor, bias: Tensor, products: torch.dtype) -> Tensor:
    """A linear layer over states (P, H), in and out of a type."""
    parts = (states.to(products), weight.to(products), bias.to(products))
    if are_slow(products, states.device):
        return linear(*(part.float() for part in parts)).to(products)
    return linear(*parts)


def emulating(products: torch.dtype | None, device: torch.device) -> AbstractContextManager[Any]:
    """What to run the code of transformers in, within `torch.autocast`."""
    return Emulated() if products is not None and are_slow(products, device) else nullcontext()


def are_slow(products: torch.dtype, device: torch.device) -> bool:
    """Whether a device multiplies this type in plain loops."""
    return products == torch.bfloat16 and device.type == "cpu" and not _onednn_has_bf16()


def fp32_error(device: torch.device) -> float:
    """The largest error of products in fp32 on a device, of a layer and of a batch, as a share of their largest entry.

    About 1e-7 of true fp32. Libraries can be told by settings of their own to multiply it as TF32, with errors of 1e-4,
    or as bf16, with 1e-3.
    """
    draw = torch.Generator().manual_seed(1)
    states, weight, bias = (torch.randn(*shape, generator=draw) for shape in ((96, 256), (192, 256), (192,)))
    of_layer, of_batch = (states, weight, bias), (bias[:1], states.view(8, 96, 32), weight.view(8, 192, 32).mT)
    errors = []
    for multiply, parts in ((linear, of_layer), (torch.baddbmm, of_batch)):
        exact = multiply(*(part.double() for part in parts))
        found = multiply(*(part.to(device) for part in parts)).cpu().double()
        errors.append(float((found - exact).abs().max() / exact.abs().max()))
    return max(errors)


@cache
def _onednn_has_bf16() -> bool:
    """PyTorch has no public word for it."""
    return torch._C._has_mkldnn and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Emulated(TorchFunctionMode):
    """Within it, the products that encoders are made of are of numbers of bf16, multiplied in fp32."""

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
    is_cast = isinstance(value, Tensor) and value.dtype in (torch.float32, torch.bfloat16)
    return value.bfloat16().float() if is_cast else value
