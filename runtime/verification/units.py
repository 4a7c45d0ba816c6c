"""Heads and neurons in a mask, read from the names of its matrices: which rows and columns belong to one unit."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from ..masks import BoolArray
from ..matrices import layers_of
from ..tensors import Array

ROWS = {"heads": ("query", "key", "value"), "neurons": ("inner",)}
COLUMNS = {"heads": "attended", "neurons": "outer"}


@frozen
class Units:
    """The heads, or the neurons, of one layer."""

    kind: str
    layer: str  # "encoder.layer.3"
    matrices: Mapping[str, str] = field(eq=False)  # of the layer: which -> its name

    @property
    def name(self) -> str:
        """The name of the stream that a random mask draws from."""
        return f"{self.layer} {self.kind}"

    @property
    def rows(self) -> tuple[str, ...]:
        """The matrices in which a unit has rows."""
        return tuple(self.matrices[part] for part in ROWS[self.kind])

    @property
    def columns(self) -> str:
        """The matrix in which a unit has columns."""
        return self.matrices[COLUMNS[self.kind]]

    def lines(self, matrices: Mapping[str, Array]) -> Iterator[Array]:
        """What each single row or column of a unit has of each matrix: (lines of all units, weights)."""
        yield from (matrices[name] for name in self.rows)
        yield matrices[self.columns].T

    def kept(self, mask: Mapping[str, BoolArray], count: int) -> BoolArray:
        """Which of so many units have any weight left."""
        kept = np.zeros(count, dtype=np.bool_)
        for lines in self.lines(mask):
            kept |= lines.reshape(count, -1).any(axis=1)
        return kept

    def whole(self, mask: Mapping[str, BoolArray]) -> bool:
        """Whether a mask takes the same rows and columns of all its matrices, each of them whole."""
        kept = [lines.all(axis=1) for lines in self.lines(mask)]
        ends = all(
            np.array_equal(all_of, lines.any(axis=1)) for all_of, lines in zip(kept, self.lines(mask), strict=True)
        )
        return ends and all(np.array_equal(kept[0], other) for other in kept)

    def norms(self, weights: Mapping[str, Array], count: int) -> NDArray[np.float32]:
        """The L2 norm of all weights of each unit: (units,)."""
        squares = np.zeros(count)
        for lines in self.lines(weights):
            squares += np.square(lines.astype(np.float64)).reshape(count, -1).sum(axis=1)
        return np.sqrt(squares).astype(np.float32)

    def spread(self, kept: BoolArray, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, BoolArray]:
        """A bool a unit -> the masks of its matrices."""
        rows = {name: _along(kept, shapes[name][0])[:, None] for name in self.rows}
        columns = _along(kept, shapes[self.columns][1])[None, :]
        return {name: np.broadcast_to(bits, shapes[name]) for name, bits in {**rows, self.columns: columns}.items()}


def units_in(names: Mapping[str, object], kinds: tuple[str, ...]) -> tuple[Units, ...]:
    """The units of these kinds in all layers that a mask names, kind by kind."""
    layers = layers_of(names)
    return tuple(Units(kind, layer, matrices) for kind in kinds for layer, matrices in layers.items())


def count_of(units: Units, shapes: Mapping[str, tuple[int, ...]], heads: Callable[[], int]) -> int:
    """How many units a layer has.

    Args:
        heads: finds out how many heads; neurons are counted.
    """
    return heads() if units.kind == "heads" else shapes[units.rows[0]][0]


def _along(kept: BoolArray, length: int) -> BoolArray:
    return np.repeat(kept, length // kept.size)
