"""Short stories: who comes into one is `one dog` at first, and then `the dog`, `the hound` or `the animal`.

Which it is can only be told from all that was told before, name against name.
"""

from .chance import Chance
from .lexicon import BEINGS, KIND_OF, MUTUAL, QUALITIES, Names
from .pairs import acted, named

KNOWN = 0.6  # how often a being is one that was told of
HAS_QUALITY = 0.5  # of those that are new
BY_KIND, BY_QUALITY = 0.25, 0.5  # how those that are known are called


def story(chance: Chance, sentences: int) -> tuple[str, ...]:
    """What happens, one sentence after another."""
    cast: dict[Names, Names | None] = {}  # being -> its quality
    told = []
    for _ in range(sentences):
        agent, who = _somebody(cast, None, chance)
        _, whom = _somebody(cast, agent, chance)
        told.append(acted(who, chance.pick(MUTUAL), whom, chance, passive=0.2))
    return tuple(told)


def _somebody(cast: dict[Names, Names | None], than: Names | None, chance: Chance) -> tuple[Names, str]:
    """Somebody else than that, who joins the cast or is of it, and what to call him here."""
    known = [being for being in cast if being != than]
    if known and chance.happens(KNOWN):
        being = chance.pick(known)
        kind = KIND_OF[being]
        if chance.happens(BY_KIND) and sum(KIND_OF[other] is kind for other in cast) == 1:
            return being, f"the {chance.call(kind.names)}"
        return being, f"the {named(being, cast[being] if chance.happens(BY_QUALITY) else None, chance)}"
    while (being := chance.pick(BEINGS)) in cast:
        pass
    cast[being] = chance.pick(QUALITIES) if chance.happens(HAS_QUALITY) else None
    return being, f"one {named(being, cast[being], chance)}"
