"""A batch in rows of one width, for devices where starting a product costs more than a wide one does.

All attention of a layer is one product there, and whatever a batch has, it comes in few shapes, so that a step can be
recorded and replayed: the tokens of a batch are filled up to a multiple of `TOKENS` by texts that nobody reads.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

Int = NDArray[np.int64]

# Tokens of a row, or of a group, unless a text is longer: a product this wide is as fast as any, and of its results
# little is thrown away.
WIDTH = 128
# What numbers are rounded up to, so that shapes are few: of tokens, of those in the longest text, of reads, of rows,
# and of tokens in a row that look.
TOKENS, LONGER, READS, ROWS, LOOKING = 128, 64, 16, 4, 8
NOBODY = -1  # the text of a place that holds no token

# Shapes: B texts, P tokens of all texts, R that look or are read, G rows, W places of a row, Q of those that look in it


@frozen(eq=False)
class Side:
    """Tokens that look, or all that are looked at, in rows."""

    tokens: Tensor  # (G, W), which token stands there; where none does, the first
    texts: Tensor  # (G, W), whose text that is; where none stands, NOBODY's
    places: Tensor  # (R), where among the G W each token stands


@frozen(eq=False, slots=False)
class Rows:
    """Which tokens look at which."""

    queries: Side
    keys: Side

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the attention weights of a head, (G, Q, W)."""
        return (*self.queries.tokens.shape, self.keys.tokens.shape[1])

    @cached_property
    def apart(self) -> Tensor:
        """(G, Q, W), true where a token must not look: at another text, or where none stands.

        Where no token stands to look, it may look at all: nothing comes of it, and no row is without a sum.
        """
        looking, seen = self.queries.texts[:, :, None], self.keys.texts[:, None, :]
        return (looking != seen) & (looking != NOBODY)


def fill_up(tokens: Int, segments: Int | None, lengths: Int, reads: Int) -> tuple[Int, Int | None, Int, Int]:
    """Texts that nobody reads come behind those of a batch, and reads that nobody asked for behind those of its head.

    No such text is longer than the longest, which the model knows to read.
    """
    lacking, longest = -len(tokens) % TOKENS, int(lengths.max())
    whole, rest = divmod(lacking, longest)
    return (
        np.concatenate([tokens, np.full(lacking, tokens[0])]),
        None if segments is None else np.concatenate([segments, np.zeros(lacking, dtype=np.int64)]),
        np.concatenate([lengths, np.array([longest] * whole + [rest] * (rest > 0), dtype=np.int64)]),
        np.concatenate([reads, np.repeat(reads[:1], -len(reads) % (READS if len(reads) < TOKENS else TOKENS), axis=0)]),
    )


def width_for(longest: int) -> int:
    """Of rows for texts of at most so many tokens."""
    return max(WIDTH, rounded_up(longest, LONGER))


def rounded_up(number: int, to: int) -> int:
    return -(-number // to) * to


def side(looking: Int, texts: Int, bounds: Int, width: int | None = None) -> dict[str, Int]:
    """The fields of a side, on the host.

    Args:
        looking: (R), which of the P tokens, rising.
        texts: (P), the text of each token.
        bounds: where rows begin and end.
        width: None: what the fullest row takes.
    """
    among = np.searchsorted(looking, bounds)
    counts = np.diff(among)
    width = width or rounded_up(int(counts.max()), LOOKING)
    rows = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(looking)) - among[rows] + rows * width
    shape = (rounded_up(len(counts), ROWS), width)
    numbers, owners = np.zeros(shape, dtype=np.int64), np.full(shape, NOBODY, dtype=np.int64)
    numbers.flat[places] = np.arange(len(looking))
    owners.flat[places] = texts[looking]
    return {"tokens": numbers, "texts": owners, "places": places}


Layout = tuple[tuple[str, tuple[int, ...]], ...]  # what a batch has, and in which shapes


def ship(parts: Mapping[str, Int], device: torch.device) -> tuple[Tensor, Layout]:
    """All numbers of a batch one after another, in one copy, which a GPU makes while it computes something else."""
    numbers = torch.from_numpy(np.concatenate([part.ravel() for part in parts.values()]))
    layout = tuple((name, part.shape) for name, part in parts.items())
    if device.type == "cuda":
        return numbers.pin_memory().to(device, non_blocking=True), layout
    return numbers.to(device), layout


def unpack(numbers: Tensor, layout: Layout) -> dict[str, Tensor]:
    """Views of what was shipped."""
    parts = torch.split(numbers, [int(np.prod(shape)) for _, shape in layout])
    return {name: part.view(shape) for (name, shape), part in zip(layout, parts, strict=True)}
