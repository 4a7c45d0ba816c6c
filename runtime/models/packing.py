"""Texts of a batch one after another, without padding, and how attention groups them.

Linear layers do not care where a text ends, so they see real tokens alone. Attention works on groups of whole texts:
of about `WIDTH` tokens, since products of many short texts are slow, with a bias that keeps texts apart. A processor
goes through the groups one by one and copies nothing; a GPU takes them all at once, as rows.
"""

from collections.abc import Iterator

import numpy as np
import torch
from attrs import frozen
from numpy.typing import NDArray
from torch import Tensor

from .rows import WIDTH, Layout, Rows, Side, fill_up, ship, side, unpack, width_for

Int = NDArray[np.int64]

# Shapes: B texts, P tokens of all texts, R tokens that the head reads, Q tokens of a group that look, L all its tokens


@frozen(eq=False)
class Look:
    """One group: which tokens look at which."""

    queries: slice  # Q of those that look
    keys: slice  # L of the P
    bias: Tensor | None  # (Q, L), zero within a text and -inf between two; None: there is one text

    @property
    def shape(self) -> tuple[int, int]:
        return self.queries.stop - self.queries.start, self.keys.stop - self.keys.start


@frozen(eq=False)
class Packed:
    """A batch without padding, its texts in the order of their groups."""

    tokens: Tensor  # (P), ids
    segments: Tensor | None  # (P)
    texts: Tensor  # (P), the text of each token, by its number in the batch
    positions: Tensor  # (P), each token's in its text
    reads: Tensor  # (R), places among the P that the head reads, rising
    asked: Tensor  # (R), where in `reads` that stands which was asked for first, second, ...
    count: int  # how many were asked for; what only fills up comes behind
    looks: tuple[Look, ...] | Rows  # of all tokens, one a group
    last_looks: tuple[Look, ...] | Rows  # of those that are read, in the last layer
    shipped: tuple[Tensor, Layout] | None = None  # what all this is made of, if it is in rows


def pack(
    tokens: Int, segments: Int | None, lengths: Int, reads: Int, device: torch.device, in_rows: bool = False
) -> Packed:
    """Put texts into groups, and their tokens one after another.

    Args:
        tokens, segments: (P), of all texts one after another.
        lengths: (B), tokens of each; none is empty.
        reads: (R, 2), what the head reads: a text and a token in it.
        in_rows: all groups at once.
    """
    count = len(reads)
    if in_rows:
        tokens, segments, lengths, reads = fill_up(tokens, segments, lengths, reads)
    width = width_for(int(lengths.max())) if in_rows else WIDTH
    grouped = group(lengths, width)
    order = np.array([text for texts in grouped for text in texts])
    starts = np.empty_like(lengths)
    starts[order] = np.cumsum(lengths[order]) - lengths[order]  # where each text begins now
    texts = np.repeat(order, lengths[order])  # (P), the text of each token
    positions = np.arange(len(tokens)) - starts[texts]
    before = (np.cumsum(lengths) - lengths)[texts] + positions  # where each token was
    places = starts[reads[:, 0]] + reads[:, 1]
    rising = np.argsort(places, kind="stable")
    bounds = np.cumsum([0, *(lengths[some].sum() for some in grouped)])
    parts = {
        "tokens": tokens[before],
        **({} if segments is None else {"segments": segments[before]}),
        "texts": texts,
        "positions": positions,
        "reads": places[rising],
        "asked": np.argsort(rising),
    }
    if in_rows:
        keys, readers = side(np.arange(len(tokens)), texts, bounds, width), side(places[rising], texts, bounds)
        parts |= {f"keys.{name}": part for name, part in keys.items()}
        parts |= {f"readers.{name}": part for name, part in readers.items()}
        return in_place(*ship(parts, device), count)
    there = {name: torch.from_numpy(part).to(device) for name, part in parts.items()}
    return Packed(
        **{"segments": None, **there},  # type: ignore[arg-type]  # mypy looks at the values of the union
        count=count,
        looks=tuple(_looks(np.arange(len(tokens)), texts, bounds, device)),
        last_looks=tuple(_looks(places[rising], texts, bounds, device)),
    )


def in_place(numbers: Tensor, layout: Layout, count: int) -> Packed:
    """A batch in rows, of views of its numbers. To be made anew where others are written over them: parts are kept."""
    there = unpack(numbers, layout)
    keys, readers = (
        Side(*(there.pop(f"{whose}.{name}") for name in ("tokens", "texts", "places"))) for whose in ("keys", "readers")
    )
    return Packed(
        **{"segments": None, **there},  # type: ignore[arg-type]  # as above
        count=count,
        looks=Rows(keys, keys),
        last_looks=Rows(readers, keys),
        shipped=(numbers, layout),
    )


def group(lengths: Int, width: int) -> list[list[int]]:
    """Texts -> groups of at most `width` tokens, or of the longest text.

    The longest text first, each into the first group that has room (first-fit decreasing).
    """
    width = max(width, int(lengths.max()))
    groups: list[list[int]] = []
    room: list[int] = []
    for text in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[text])
        fits = next((number for number, left in enumerate(room) if left >= length), None)
        if fits is None:
            groups.append([text])
            room.append(width - length)
        else:
            groups[fits].append(text)
            room[fits] -= length
    return groups


def _looks(queries: Int, texts: Int, bounds: Int, device: torch.device) -> Iterator[Look]:
    """How tokens look at those of their text, group by group.

    Args:
        queries: places of those that look, rising.
        texts: (P), the text of each token.
        bounds: where groups begin and end.
    """
    among = np.searchsorted(queries, bounds)
    for number in range(len(bounds) - 1):
        looking = slice(int(among[number]), int(among[number + 1]))
        seen = slice(int(bounds[number]), int(bounds[number + 1]))
        yield Look(looking, seen, _bias(texts[queries[looking]], texts[seen], device))


def _bias(queries: Int, keys: Int, device: torch.device) -> Tensor | None:
    if keys[0] == keys[-1]:
        return None
    apart = torch.from_numpy(queries[:, None] != keys).to(device)
    return torch.zeros(apart.shape, device=device).masked_fill_(apart, -torch.inf)
