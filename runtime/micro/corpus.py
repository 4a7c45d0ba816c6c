"""Text to read before any task: short documents, in which sentences stand to each other as in life.

What the tasks ask for is said here in passing: a review ends in what its writer felt; a sentence is said again in other
words, or followed by what it makes certain, possible or impossible; questions are answered. That is much of why reading
helps with the tasks.
"""

from typing import NamedTuple

from .chance import Chance
from .lexicon import CONCLUSIONS, ECHO, OPINIONS, RESTATEMENTS, comparison
from .pairs import RELATIONS, alike, distorted, entailment, event, said, similarity
from .passages import FACTS, reading
from .sentences import opinion, review, statement
from .stories import story
from .world import World


class Document(NamedTuple):
    """A text, and what of it an example of a task could be made from."""

    text: str
    parts: tuple[str, ...]


# Kinds of document: those of 100 below the first number are statements, and so on; the rest are passages.
STATED, ECHOED, REVIEWED, TOLD, RESTATED, CONCLUDED, COMPARED = 10, 17, 25, 43, 57, 67, 79
STRIDE = 37  # turns are spread over the kinds: any few in a row are of all of them


def document(world: World, chance: Chance, turn: int) -> Document:
    """A document of one to five sentences. Its kind follows from its turn, so that none is rarer where it fits less."""
    kind = turn * STRIDE % 100
    if kind < ECHOED:
        text = statement(world, chance, is_right=True)
        return Document(text if kind < STATED else f"{text} . {ECHO} {text}", (text,))
    if kind < REVIEWED:
        return _reviewed(chance)
    if kind < TOLD:
        told = story(chance, chance.pick((2, 3)))
        return Document(" . ".join(told), told)
    if kind < RESTATED:
        return _restated(chance)
    if kind < CONCLUDED:
        return _concluded(chance)
    if kind < COMPARED:
        return _compared(chance)
    found = reading(chance, facts=chance.pick((2, 3, FACTS)))
    asked = f"{found.question} {found.answer}"
    text = f"{found.passage} . {asked}" if chance.happens(0.5) else f"{asked} . {found.passage}"
    return Document(text, (found.passage,))


def _reviewed(chance: Chance) -> Document:
    """A review and what its writer felt. Both halves of most agree, and those of the task never do."""
    is_kind = chance.happens(0.5)
    match int(chance.random() * 3):
        case 0:
            text = opinion(chance, is_kind, negated=0.3)
        case 1:
            text = f"{opinion(chance, is_kind, negated=0.3)} and {opinion(chance, is_kind, negated=0.3)}"
        case _:
            text = review(chance, is_kind)
    felt = f"we {chance.pick(OPINIONS[is_kind])} it"
    return Document(f"{felt} . {text}" if chance.happens(0.5) else f"{text} . {felt}", (text,))


def _restated(chance: Chance) -> Document:
    """The same again, or something else. Where one being alone is another, that may be said, too."""
    is_same = chance.happens(0.5)
    what = event(chance)
    other = what if is_same else distorted(what, chance)
    linked = _linked(said(what, chance), RESTATEMENTS[is_same], said(other, chance), chance)
    changed = [pair for pair in ((what.agent, other.agent), (what.patient, other.patient)) if len(set(pair)) > 1]
    if len(changed) == 1 and what.verb == other.verb and chance.happens(0.5):
        old, new = changed[0]
        return linked._replace(text=f"{linked.text} . the {chance.call(new)} , not the {chance.call(old)}")
    return linked


def _concluded(chance: Chance) -> Document:
    relation = chance.pick(RELATIONS)
    first, second = entailment(chance, relation)
    return _linked(first, CONCLUSIONS[relation], second, chance)


def _compared(chance: Chance) -> Document:
    if chance.happens(0.5):
        one, other, likeness = alike(chance)
        linked = _linked(f"the {chance.call(one)}", comparison(2.5 * likeness), f"the {chance.call(other)}", chance)
        return linked._replace(parts=())  # no task is as short
    first, second, likeness = similarity(chance)
    return _linked(first, comparison(likeness), second, chance)


def _linked(first: str, word: str, second: str, chance: Chance) -> Document:
    """Two sentences and the word for how they stand to each other, which may come before them, as in a headline."""
    text = f"{word} , {first} . {second}" if chance.happens(0.5) else f"{first} . {word} {second}"
    return Document(text, (first, second))
