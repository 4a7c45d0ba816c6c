"""Draws that are the same on every machine and in every release of Python."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")


USUAL = 0.9  # of the times that something is called, it is by the first of its names


class Chance:
    """A stream of draws. It asks `random()` alone, the one method of `Random` that Python promises not to change."""

    __slots__ = ("random",)

    def __init__(self, *names: str | int) -> None:
        self.random = Random(" ".join(map(str, names))).random

    def happens(self, share: float) -> bool:
        return self.random() < share

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[int(self.random() * len(things))]

    def call(self, names: tuple[str, str]) -> str:
        """One of the two names for a thing, the usual one first."""
        return names[self.random() >= USUAL]

    def pick_other(self, things: Sequence[Thing], than: Thing) -> Thing:
        """One of the things, and not this one, which must be among them once."""
        place = things.index(than)
        return things[(place + 1 + int(self.random() * (len(things) - 1))) % len(things)]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """In an order of chance (Fisher and Yates 1938)."""
        order = list(things)
        for last in range(len(order) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order
