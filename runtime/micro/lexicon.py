"""The words of the language, and what they mean: concepts with two names each, kinds of concepts, and small words."""

from typing import NamedTuple

Names = tuple[str, str]  # two words for one thing, the usual one first


class Kind(NamedTuple):
    """What many concepts are, and the word for any of them."""

    names: Names
    concepts: tuple[Names, ...]


class Verb(NamedTuple):
    """What somebody does to something."""

    names: Names
    participles: Names


def _pairs(words: str) -> tuple[Names, ...]:
    """`dog/hound cat/tom` as pairs."""
    pairs = [tuple(pair.split("/")) for pair in words.split()]
    return tuple((first, second) for first, second in pairs)


def _verbs(words: str) -> tuple[Verb, ...]:
    pairs = _pairs(words)
    return tuple(Verb(names, participles) for names, participles in zip(pairs[::2], pairs[1::2], strict=True))


ANIMAL = Kind(
    ("animal", "beast"),
    _pairs("dog/hound horse/steed pig/hog donkey/mule rabbit/hare cat/tomcat bird/fowl snake/serpent"),
)
PERSON = Kind(
    ("person", "human"),
    _pairs("doctor/medic boy/lad girl/maiden cook/chef teacher/tutor guard/warden robber/burglar sailor/mariner"),
)
TOOL = Kind(
    ("tool", "device"),
    _pairs("hammer/mallet rope/cord lamp/lantern bowl/basin cup/mug bag/sack dagger/blade pin/needle"),
)
FOOD = Kind(
    ("food", "snack"),
    _pairs("bun/roll stew/soup pie/tart cutlet/steak sweet/bonbon biscuit/cracker pancake/crepe salad/slaw"),
)
KINDS = (ANIMAL, PERSON, TOOL, FOOD)
ALIVE = (ANIMAL, PERSON)
BEINGS = (*ANIMAL.concepts, *PERSON.concepts)
KIND_OF = {concept: kind for kind in KINDS for concept in kind.concepts}

# Beings do these to each other.
MUTUAL = _verbs(
    "see/spot seen/spotted help/aid helped/aided fear/dread feared/dreaded follow/trail followed/trailed"
    " call/hail called/hailed like/admire liked/admired"
)
# What these are done by, and to what, is for a world to say.
ONE_WAY = _pairs("buy/purchase want/desire find/discover hide/conceal take/grab keep/store")
DOINGS = _pairs("sleep/doze run/sprint wait/linger sing/hum work/toil rest/relax fall/tumble eat/dine")

PLACES = _pairs("house/home shop/market tavern/inn tower/turret forest/wood garden/yard harbour/port road/street")
POSITIONS = ("near", "behind", "beside", "under")

QUALITIES = _pairs("big/large small/little old/aged young/youthful clean/tidy dirty/filthy quiet/silent noisy/loud")

REVIEWED = ("show", "film", "song", "book", "meal", "play", "room", "view", "trip", "tale")
PRAISE = ("lovely", "splendid", "superb", "charming", "excellent", "delightful")
BLAME = ("awful", "dreadful", "horrid", "ghastly", "terrible", "dismal")
DEGREES = ("very", "rather", "truly")
NEGATIONS = ("not", "never", "hardly")
OPINIONS = {True: ("loved", "enjoyed"), False: ("hated", "loathed")}

THIS = {False: "this", True: "these"}  # by whether the noun is plural
THAT = {False: "that", True: "those"}

# How one sentence is linked to the next.
ECHO = "yes"
RESTATEMENTS = {True: "indeed", False: "instead"}
CONCLUSIONS = {"entailment": "so", "neutral": "perhaps", "contradiction": "impossible"}
COMPARISONS = ("unlike", "partly", "alike")

SMALL = (
    *("the", "one", "some", "no", "is", "was", "we", "it", "by", "and", "but", "although"),
    *("who", "whom", "where", "does", ",", ".", "?"),
)


def plural(noun: str) -> str:
    return noun + "s"


def third(verb: str) -> str:
    """The form after a singular subject."""
    return verb + "s"


def comparison(likeness: float) -> str:
    """The word for a likeness of 0 to 5."""
    return COMPARISONS[(likeness >= 2) + (likeness >= 4)]


def words() -> tuple[str, ...]:
    """All words of the language, each once, in an order that stays."""
    nouns = [noun for kind in KINDS for pair in kind.concepts for noun in pair]
    kinds = [name for kind in ALIVE for name in kind.names]
    verbs = [verb for pair in (*DOINGS, *ONE_WAY, *(verb.names for verb in MUTUAL)) for verb in pair]
    found = [
        *SMALL,
        ECHO,
        *RESTATEMENTS.values(),
        *CONCLUSIONS.values(),
        *COMPARISONS,
        *THIS.values(),
        *THAT.values(),
        *POSITIONS,
        *DEGREES,
        *NEGATIONS,
        *PRAISE,
        *BLAME,
        *REVIEWED,
        *(word for pair in (*OPINIONS.values(), *PLACES, *QUALITIES) for word in pair),
        *nouns,
        *map(plural, nouns),
        *kinds,
        *map(plural, kinds),
        *verbs,
        *map(third, verbs),
        *(participle for verb in MUTUAL for participle in verb.participles),
    ]
    return tuple(dict.fromkeys(found))
