"""Tensors that are made when they are asked for, in whole or in part, and kept by nobody.

The scores of 85 million weights are a third of a gigabyte, and choosing among them needs a few at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]


class Lazily(Mapping[str, Tensor]):
    """For each name a tensor of its shape, of entries that a function makes anew each time."""

    def __init__(self, shapes: Mapping[str, torch.Size], make: Callable[[str, slice], Tensor]) -> None:
        """Args: make: the entries at some places of a tensor, counted through it row by row."""
        self.shapes = shapes
        self.make = make

    def __getitem__(self, name: str) -> Tensor:
        shape = self.shapes[name]
        return self.make(name, slice(None)).view(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)


def shapes_of(tensors: Tensors) -> Mapping[str, torch.Size]:
    """The shape of each, and nothing made for it."""
    return tensors.shapes if isinstance(tensors, Lazily) else {name: tensor.shape for name, tensor in tensors.items()}


def entries(tensors: Tensors, name: str, places: slice) -> Tensor:
    """Those of one tensor at some places, counted row by row."""
    return tensors.make(name, places) if isinstance(tensors, Lazily) else tensors[name].reshape(-1)[places]


def each(tensors: Tensors, make: Callable[[Tensor], Tensor]) -> Lazily:
    """What a function makes of every entry of some tensors."""
    return Lazily(shapes_of(tensors), lambda name, places: make(entries(tensors, name, places)))


def among(names: Iterable[str], tensors: Tensors) -> Lazily:
    """Some of the tensors, in the order of the names."""
    shapes = shapes_of(tensors)
    return Lazily({name: shapes[name] for name in names}, lambda name, places: entries(tensors, name, places))
