"""Streams of random numbers: each drawn from a seed, the role it plays, and the names it plays it for.

Never from a round, an arm, a sparsity or a source: arms and rounds of one seed share heads, data order and dropout,
which pairs them for the tests, and lets `round k+1` and `score ticket k` be one job. Streams are drawn on the CPU,
whatever device trains.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


Drawn = dict[str, set[int]]  # role -> the seeds that streams were drawn from for it

_RECORD: ContextVar[Drawn | None] = ContextVar("seeds drawn from", default=None)


def stream(seed: int, role: str, *names: str | int) -> int:
    """The 64 bits that a stream starts from."""
    if (record := _RECORD.get()) is not None:
        record.setdefault(role, set()).add(seed)
    return part_of(seed, role, *names)


def part_of(bits: int, role: str, *names: str | int) -> int:
    """The 64 bits that a stream within another one starts from, or one of no seed: nothing that is recorded."""
    # repr keeps ("a", "b") and ("a, b",) and "1" and 1 apart.
    return int.from_bytes(blake2b(repr((bits, role, names)).encode(), digest_size=8).digest(), "big")


@contextmanager
def recorded() -> Iterator[Drawn]:
    """Every seed that streams are drawn from in here, by the role it plays."""
    drawn: Drawn = {}
    token = _RECORD.set(drawn)
    try:
        yield drawn
    finally:
        _RECORD.reset(token)


def drawn_so_far() -> dict[str, list[int]]:
    """What `recorded` has noted by now, as JSON has it."""
    return {role: sorted(seeds) for role, seeds in sorted((_RECORD.get() or {}).items())}


def drawn_before(drawn: Mapping[str, Iterable[int]]) -> None:
    """Note what an earlier try of the same job drew from, which goes on here."""
    if (record := _RECORD.get()) is not None:
        for role, seeds in drawn.items():
            record.setdefault(role, set()).update(seeds)


def torch_generator(bits: int) -> "torch.Generator":
    """A generator on the CPU: draws must not depend on the device."""
    import torch  # late: random masks are drawn again without it

    generator = torch.Generator()
    generator.manual_seed(bits)
    return generator


def numpy_generator(bits: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(bits))
