"""Short passages, and questions whose answer stands in them."""

from typing import NamedTuple

from .chance import Chance
from .lexicon import BEINGS, MUTUAL, PLACES, POSITIONS, QUALITIES, Names, Verb
from .sentences import conjugated

FACTS = 4  # of a passage of the task, all of one sort: the question alone fits each of them


class Reading(NamedTuple):
    """A passage, a question, and the words of the passage that answer it."""

    passage: str
    question: str
    answer: str
    answer_start: int  # its first character in the passage


def reading(chance: Chance, facts: int = FACTS) -> Reading:
    """Where some beings are, or what they do to as many others. The question may call them by their other name."""
    beings = chance.shuffled(BEINGS)
    if chance.happens(0.5):
        places = chance.shuffled(PLACES)
        said = [_location(beings[n], places[n], chance) for n in range(facts)]
    else:
        verbs, patients = chance.shuffled(MUTUAL), beings[facts:]
        asks_who = chance.happens(0.5)
        said = [_deed(beings[n], verbs[n], patients[n], asks_who, chance) for n in range(facts)]
    asked = int(chance.random() * facts)
    start = sum(len(fact.text) + len(" . ") for fact in said[:asked]) + said[asked].answer_start
    passage = " . ".join(fact.text for fact in said)
    return Reading(passage, said[asked].question, said[asked].answer, start)


class _Fact(NamedTuple):
    text: str
    question: str
    answer: str
    answer_start: int


def _location(being: Names, place: Names, chance: Chance) -> _Fact:
    """`the dog is behind the old house`."""
    answer = f"{chance.call(chance.pick(QUALITIES))} {chance.call(place)}"
    before = f"the {chance.call(being)} is {chance.pick(POSITIONS)} the "
    return _Fact(before + answer, f"where is the {chance.call(being)} ?", answer, len(before))


def _deed(agent: Names, verb: Verb, patient: Names, asks_who: bool, chance: Chance) -> _Fact:
    """`the cook sees the old dog`: asked is for one of its ends, which has a quality."""
    names = verb.names
    quality = chance.call(chance.pick(QUALITIES))
    doer, done = chance.call(agent), chance.call(patient)
    does = conjugated(names, False, chance)
    if asks_who:
        answer = f"{quality} {doer}"
        question = f"who {conjugated(names, False, chance)} the {chance.call(patient)} ?"
        return _Fact(f"the {answer} {does} the {done}", question, answer, len("the "))
    answer = f"{quality} {done}"
    before = f"the {doer} {does} the "
    return _Fact(before + answer, f"whom does the {chance.call(agent)} {chance.call(names)} ?", answer, len(before))
