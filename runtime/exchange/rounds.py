"""The life of every weight in one file: one byte each, the round in which it was removed, 0 where it stays.

A search removes weights in rounds and never brings one back, so that the masks of all its levels are in it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from ..failures import ExchangeError
from ..masks import BoolArray
from ..tensors import write_tensors

ROUNDS_FILE = "rounds.safetensors"
ROUNDS = "rounds"  # the entry of the metadata: what each round left, and where all of it comes from
MOST = 255  # rounds that a byte can tell apart

ByteArray = NDArray[np.uint8]


@frozen
class Round:
    """One mask of a search."""

    sparsity: str  # of the scope's original weights: `70%`
    kept: Mapping[str, BoolArray]


def write_rounds(path: Path, rounds: Sequence[Round], about: Mapping[str, Any]) -> None:
    """Write the rounds of a search, the first one first; the same rounds give the same bytes.

    Args:
        about: JSON on where they come from.

    Raises:
        ExchangeError: a weight comes back, or there are more rounds than a byte can tell apart.
    """
    if len(rounds) > MOST:
        raise ExchangeError(f"{len(rounds)} rounds do not fit into a byte a weight, which tells {MOST} apart")
    died = {name: np.zeros(bits.shape, dtype=np.uint8) for name, bits in rounds[0].kept.items()}
    for number, each in enumerate(rounds, start=1):
        for name, bits in each.kept.items():
            gone = died[name] > 0
            if (gone & bits).any():
                raise ExchangeError(
                    f"weights of `{name}` come back in round {number}: rounds do not nest, and have no such file;"
                    " export the mask of each level by itself"
                )
            died[name][~gone & ~bits] = number
    said = {"levels": [each.sparsity for each in rounds], **about}
    write_tensors(path, died, {ROUNDS: json.dumps(said, separators=(",", ":"))})


def kept_at(path: Path, metadata: str, died: Mapping[str, ByteArray], sparsity: str | None) -> dict[str, BoolArray]:
    """The mask of a level.

    Args:
        metadata: of the file, its entry `rounds`.
        sparsity: as the file says it, `70%`; None: the last round.

    Raises:
        ExchangeError: there is no such level, or the file contradicts itself.
    """
    try:
        levels = [str(level) for level in json.loads(metadata)["levels"]]
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise ExchangeError(f"{path} does not say which rounds there were: {problem}") from None
    if any(rounds.dtype != np.uint8 or int(rounds.max(initial=0)) > len(levels) for rounds in died.values()):
        raise ExchangeError(f"the weights of {path} were removed in other rounds than the {len(levels)} that it names")
    if sparsity is not None and sparsity not in levels:
        raise ExchangeError(f"{path} has no round that ends at {sparsity}; there are {', '.join(levels)}")
    last = len(levels) if sparsity is None else 1 + levels.index(sparsity)
    return {name: (rounds == 0) | (rounds > last) for name, rounds in died.items()}
