"""A world: what its one-way verbs are done by, and to what. Every seed makes another one."""

from collections.abc import Mapping

from attrs import frozen

from .chance import Chance
from .lexicon import ALIVE, KINDS, ONE_WAY, Kind, Names


@frozen
class World:
    """What must be known of a world to tell sense from nonsense in it."""

    seed: int
    agents: Mapping[Names, Kind]  # who does it
    patients: Mapping[Names, Kind]  # to what it is done: another kind, so that the two never change places

    @classmethod
    def of(cls, seed: int) -> "World":
        chance = Chance("world", seed)
        agents = {verb: chance.pick(ALIVE) for verb in ONE_WAY}
        return cls(seed, agents, {verb: chance.pick_other(KINDS, kind) for verb, kind in agents.items()})
