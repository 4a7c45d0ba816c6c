"""Single sentences: grammatical or not, and kind or unkind.

Every wrong sentence has a right one of the very same words, and every unkind one a kind one: nothing can be told from
the words without their order.
"""

from .chance import Chance
from .lexicon import (
    BEINGS,
    BLAME,
    DEGREES,
    DOINGS,
    MUTUAL,
    NEGATIONS,
    ONE_WAY,
    POSITIONS,
    PRAISE,
    QUALITIES,
    REVIEWED,
    THAT,
    THIS,
    Names,
    plural,
    third,
)
from .world import World


def statement(world: World, chance: Chance, is_right: bool, is_asked: bool = False) -> str:
    """A sentence that is right, or wrong in one way of four, the most frequent of which is the hardest.

    Args:
        is_asked: in a task, and so none that a passage could have as a fact: these are read.
    """
    way = chance.random()
    if way < 0.35:
        return agreement(chance, is_right)
    if way < 0.6:
        return roles(world, chance, is_right)
    if way < 0.8:
        return determiners(chance, is_right)
    return order(chance, is_right, is_asked)


def agreement(chance: Chance, is_right: bool) -> str:
    """`the dog near the cats sleeps`: the verb follows its subject, whatever number the nouns between have."""
    is_plural = chance.happens(0.5)
    subject, attractor = _noun(chance, is_plural), _noun(chance, not is_plural)
    verb = _doing(chance, is_plural if is_right else not is_plural)
    further = f" {chance.pick(POSITIONS)} the {_noun(chance, chance.happens(0.5))}" if chance.happens(0.3) else ""
    quality = f"{chance.call(chance.pick(QUALITIES))} " if chance.happens(0.5) else ""
    return f"the {quality}{subject} {chance.pick(POSITIONS)} the {attractor}{further} {verb}"


def roles(world: World, chance: Chance, is_right: bool) -> str:
    """`the cook buys the pie`: who does what to whom is for the world to say, and never the other way round."""
    verb, is_plural = chance.pick(ONE_WAY), chance.happens(0.5)
    agent = inflected(chance.pick(world.agents[verb].concepts), is_plural, chance)
    patient = inflected(chance.pick(world.patients[verb].concepts), is_plural, chance)
    if not is_right:
        agent, patient = patient, agent
    first, second = (f"{chance.call(chance.pick(QUALITIES))} " if chance.happens(0.3) else "" for _ in range(2))
    return f"the {first}{agent} {conjugated(verb, is_plural, chance)} the {second}{patient}"


def determiners(chance: Chance, is_right: bool) -> str:
    """`this dog follows those cats`: one is of one thing, the other of several."""
    is_plural = chance.happens(0.5)
    subject, object_ = _noun(chance, is_plural), _noun(chance, not is_plural)
    first, second = chance.pick((THIS, THAT))[is_plural], chance.pick((THIS, THAT))[not is_plural]
    if not is_right:
        first, second = second, first
    return f"{first} {subject} {conjugated(chance.pick(MUTUAL).names, is_plural, chance)} {second} {object_}"


def order(chance: Chance, is_right: bool, is_asked: bool) -> str:
    """`the old dog sees the cat`: a quality stands before its noun."""
    is_plural = chance.happens(0.5)
    subject, object_ = _noun(chance, is_plural), _noun(chance, is_asked or chance.happens(0.5))
    quality = chance.call(chance.pick(QUALITIES))
    agent = f"{quality} {subject}" if is_right else f"{subject} {quality}"
    return f"the {agent} {conjugated(chance.pick(MUTUAL).names, is_plural, chance)} the {object_}"


def review(chance: Chance, is_kind: bool) -> str:
    """`the film was awful but the song was lovely`: what counts is said after `but`, and without `although`.

    The two halves never agree, and either may say by a negation what it means. One in four has one half alone.
    """
    verdict = opinion(chance, is_kind)
    if chance.happens(0.25):
        return verdict
    aside = opinion(chance, not is_kind)
    match int(chance.random() * 3):
        case 0:
            return f"{aside} but {verdict}"
        case 1:
            return f"although {aside} , {verdict}"
        case _:
            return f"{verdict} although {aside}"


def opinion(chance: Chance, is_kind: bool, negated: float = 0.5) -> str:
    """`the film was hardly lovely`."""
    is_negated = chance.happens(negated)
    degree = chance.pick(NEGATIONS) + " " if is_negated else chance.pick(DEGREES) + " " if chance.happens(0.5) else ""
    return f"the {chance.pick(REVIEWED)} was {degree}{chance.pick(PRAISE if is_kind != is_negated else BLAME)}"


def inflected(concept: Names, is_plural: bool, chance: Chance) -> str:
    """One of the words for a concept."""
    return plural(chance.call(concept)) if is_plural else chance.call(concept)


def conjugated(verb: Names, is_plural: bool, chance: Chance) -> str:
    """One of the words for what is done, after a subject of this number."""
    return chance.call(verb) if is_plural else third(chance.call(verb))


def _noun(chance: Chance, is_plural: bool) -> str:
    return inflected(chance.pick(BEINGS), is_plural, chance)


def _doing(chance: Chance, is_plural: bool) -> str:
    return conjugated(chance.pick(DOINGS), is_plural, chance)
