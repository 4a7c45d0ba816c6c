"""The demo's little English: a grammar, and two tasks that follow its rules.

Every sentence is built like "the old dogs near the house see a cat". Most of its words come in pairs of synonyms. Its
verb agrees in number with its subject, whatever noun between the two tempts the reader with the other number.

    acceptability    does the verb agree with its subject?                              one sentence
    paraphrase       does the second sentence say what the first says, in other words?  a pair
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

Synonyms = tuple[str, str]
Example = dict[str, str | int]

QUALITIES = [
    ("big", "large"),
    ("small", "little"),
    ("old", "aged"),
    ("quick", "fast"),
    ("sad", "gloomy"),
    ("calm", "quiet"),
]
BEINGS = [
    ("dog", "hound"),
    ("cat", "kitten"),
    ("boy", "lad"),
    ("girl", "maiden"),
    ("doctor", "medic"),
    ("guest", "visitor"),
]
PLACES = [
    ("house", "home"),
    ("tree", "oak"),
    ("road", "street"),
    ("shop", "store"),
    ("hill", "mound"),
    ("ship", "boat"),
]
ACTIONS = [
    ("see", "spot"),
    ("like", "enjoy"),
    ("follow", "trail"),
    ("call", "phone"),
    ("help", "aid"),
    ("fear", "dread"),
]
PREPOSITIONS = ["near", "behind", "beside", "under"]


class Meaning(NamedTuple):
    """What a sentence says, whichever synonyms it uses."""

    quality: Synonyms
    subject: Synonyms
    subject_is_plural: bool
    preposition: str
    place: Synonyms
    place_is_plural: bool
    action: Synonyms
    object: Synonyms


# What can be exchanged in a meaning, to make another one of it.
CONCEPTS = {"quality": QUALITIES, "subject": BEINGS, "place": PLACES, "action": ACTIONS, "object": BEINGS}


def words() -> list[str]:
    """All words of the language. Nouns have a plural in "s", verbs a singular."""
    inflected = [word for pairs in (BEINGS, PLACES, ACTIONS) for pair in pairs for word in pair]
    qualities = [word for pair in QUALITIES for word in pair]
    return ["the", "a", *PREPOSITIONS, *qualities, *inflected, *(f"{word}s" for word in inflected)]


def mean_something(chance: Random) -> Meaning:
    """A meaning drawn at random."""
    return Meaning(
        quality=chance.choice(QUALITIES),
        subject=chance.choice(BEINGS),
        subject_is_plural=chance.random() < 0.5,
        preposition=chance.choice(PREPOSITIONS),
        place=chance.choice(PLACES),
        place_is_plural=chance.random() < 0.5,
        action=chance.choice(ACTIONS),
        object=chance.choice(BEINGS),
    )


def mean_something_else(meaning: Meaning, chance: Random, changes: int) -> Meaning:
    """The meaning with some of its concepts exchanged for others of their class."""
    for name in chance.sample(list(CONCEPTS), changes):
        others = [concept for concept in CONCEPTS[name] if concept != getattr(meaning, name)]
        exchanged: dict[str, Any] = {name: chance.choice(others)}
        meaning = meaning._replace(**exchanged)
    return meaning


def say(meaning: Meaning, chance: Random, agrees: bool = True) -> str:
    """One of the sentences with this meaning; its verb has the wrong number unless it `agrees`."""
    quality, subject, place = (chance.choice(pair) for pair in (meaning.quality, meaning.subject, meaning.place))
    verb, object_ = chance.choice(meaning.action), chance.choice(meaning.object)
    subject += "s" if meaning.subject_is_plural else ""
    place += "s" if meaning.place_is_plural else ""
    verb += "s" if meaning.subject_is_plural != agrees else ""
    return f"the {quality} {subject} {meaning.preposition} the {place} {verb} a {object_}"


def acceptability(chance: Random) -> Example:
    label = chance.randint(0, 1)
    return {"sentence": say(mean_something(chance), chance, agrees=bool(label)), "label": label}


def paraphrase(chance: Random) -> Example:
    label = chance.randint(0, 1)
    first = mean_something(chance)
    second = first if label else mean_something_else(first, chance, changes=1)
    return {"first": say(first, chance), "second": say(second, chance), "label": label}


TASKS: dict[str, Callable[[Random], Example]] = {"acceptability": acceptability, "paraphrase": paraphrase}


def distinct(task: str, chance: Random) -> Iterator[Example]:
    """Examples of a task without end, no text twice: what comes later shares none with what came before."""
    seen: set[tuple[str | int, ...]] = set()
    while True:
        example = TASKS[task](chance)
        text = tuple(value for column, value in example.items() if column != "label")
        if text not in seen:
            seen.add(text)
            yield example


def pair(chance: Random) -> tuple[str, str, int]:
    """What the model reads before any task: two sentences, and whether the second says the first again."""
    first = mean_something(chance)
    restates = chance.randint(0, 1)
    second = first if restates else mean_something_else(first, chance, changes=3)
    return say(first, chance), say(second, chance), restates
