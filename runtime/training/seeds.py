"""Streams of random numbers: each drawn from a seed, the role it plays, and the names it plays it for.

Never from a round, an arm, a sparsity or a source: arms and rounds of one seed share heads, data order and dropout,
which pairs them for the tests, and lets `round k+1` and `score ticket k` be one job. Streams are drawn on the CPU,
whatever device trains.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def stream(seed: int, role: str, *names: str | int) -> int:
    """The 64 bits that a stream starts from."""
    # repr keeps ("a", "b") and ("a, b",) and "1" and 1 apart.
    return int.from_bytes(blake2b(repr((seed, role, names)).encode(), digest_size=8).digest(), "big")


def torch_generator(bits: int) -> "torch.Generator":
    """A generator on the CPU: draws must not depend on the device."""
    import torch  # late: random masks are drawn again without it

    generator = torch.Generator()
    generator.manual_seed(bits)
    return generator


def numpy_generator(bits: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(bits))
