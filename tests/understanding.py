"""Understands the language of the built-in world, word by word: written apart from what makes its sentences."""

from collections.abc import Mapping
from itertools import pairwise

from attrs import frozen

from runtime.micro.lexicon import (
    ANIMAL,
    BLAME,
    DOINGS,
    KINDS,
    MUTUAL,
    NEGATIONS,
    ONE_WAY,
    PERSON,
    PLACES,
    POSITIONS,
    PRAISE,
    QUALITIES,
)
from runtime.micro.world import World

Names = tuple[str, str]

NOUNS: Mapping[str, tuple[Names, bool]] = {  # word -> concept, is it plural
    word + ending: (pair, bool(ending)) for kind in KINDS for pair in kind.concepts for word in pair
    for ending in ("", "s")
}  # fmt: skip
GROUPS = {f"{name}s": kind for kind in (ANIMAL, PERSON) for name in kind.names}
KIND = {concept: kind for kind in KINDS for concept in kind.concepts}
QUALITY = {word: pair for pair in QUALITIES for word in pair}
PLACE = {word: pair for pair in PLACES for word in pair}
VERBS = {word + ending: (pair, not ending) for pair in (*DOINGS, *ONE_WAY, *(v.names for v in MUTUAL)) for word in pair
         for ending in ("", "s")}  # fmt: skip
PARTICIPLES = {word: verb.names for verb in MUTUAL for word in verb.participles}


@frozen
class Thing:
    """A noun with what is said of it."""

    concept: Names | None
    group: Names | None = None  # any of a kind, instead of a concept
    quality: Names | None = None
    place: tuple[str, Names] | None = None

    def is_within(self, other: "Thing") -> bool:
        """Whether everything that is this is that, too."""
        named = self.concept == other.concept and self.group == other.group
        if other.group is not None and self.concept is not None:
            named = KIND[self.concept].names == other.group
        return named and other.quality in (None, self.quality) and other.place in (None, self.place)


def thing(words: list[str]) -> Thing:
    """`big dogs near the house`, its determiner left away."""
    quality = QUALITY[words.pop(0)] if words[0] in QUALITY else None
    noun = words.pop(0)
    place = (words[0], PLACE[words[2]]) if words and words[0] in POSITIONS else None
    if noun in GROUPS:
        return Thing(None, GROUPS[noun].names, quality, place)
    return Thing(NOUNS[noun][0], None, quality, place)


def event(sentence: str) -> tuple[Thing, Names, Thing]:
    """Who does what to whom."""
    words = sentence.split()
    if "by" in words:
        middle, by = words.index("is"), words.index("by")
        return thing(words[by + 2 :]), PARTICIPLES[words[by - 1]], thing(words[1:middle])
    (middle,) = [n for n, word in enumerate(words) if word in VERBS]
    return thing(words[1:middle]), VERBS[words[middle]][0], thing(words[middle + 2 :])


def relation(first: str, second: str) -> str:
    """What `some big dogs sleep` says about `no animals sleep`."""
    one, doing, quantifier = _claim(first)
    other, other_doing, other_quantifier = _claim(second)
    assert doing == other_doing
    is_up, is_down = one.is_within(other), other.is_within(one)
    match quantifier, other_quantifier:
        case "some", "some":
            return "entailment" if is_up else "neutral"
        case "no", "no":
            return "entailment" if is_down else "neutral"
        case "some", "no":
            return "contradiction" if is_up else "neutral"
        case _:
            return "contradiction" if is_down else "neutral"


def _claim(sentence: str) -> tuple[Thing, Names, str]:
    quantifier, *words, doing = sentence.split()
    return thing(words), VERBS[doing][0], quantifier


def is_kind(review: str) -> bool:
    """What a review says, all in all."""
    first, word, second = review.partition(" but ")
    if word:
        return _is_kind(second)
    if review.startswith("although "):
        return _is_kind(review.partition(" , ")[2])
    return _is_kind(first.partition(" although ")[0])


def _is_kind(opinion: str) -> bool:
    words = opinion.split()
    assert words[-1] in (*PRAISE, *BLAME)
    return (words[-1] in PRAISE) != any(word in NEGATIONS for word in words)


def is_right(sentence: str, world: World) -> bool:
    """Whether a sentence is grammatical, and can be in a world."""
    words = sentence.split()
    for before, after in pairwise(words):
        if after in QUALITY and before in NOUNS:
            return False
        if before in ("this", "that", "these", "those") and (before in ("these", "those")) != NOUNS[after][1]:
            return False
    nouns = [word for word in words if word in NOUNS]
    (verb,) = [word for word in words if word in VERBS]
    names, is_plural = VERBS[verb]
    if NOUNS[nouns[0]][1] != is_plural:
        return False
    if names in world.agents:
        agent, patient = (KIND[NOUNS[noun][0]] for noun in nouns)
        return world.agents[names] == agent and world.patients[names] == patient
    return True
