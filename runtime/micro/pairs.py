"""Pairs of sentences: the same in other words, more or less alike, or what follows from what.

The answer is told from both halves, word against word, and either by itself says nothing of it. But for entailment:
there the quantifier of a half and how wide its group is, taken together, are not equally frequent with each answer.
"""

from typing import Literal, NamedTuple

from .chance import Chance
from .lexicon import ALIVE, BEINGS, DOINGS, KIND_OF, MUTUAL, PLACES, POSITIONS, QUALITIES, Names, Verb, plural
from .sentences import conjugated, inflected

Relation = Literal["entailment", "neutral", "contradiction"]
RELATIONS: tuple[Relation, ...] = ("entailment", "neutral", "contradiction")


QUALIFIED = 0.7  # of the beings of an event


class Event(NamedTuple):
    """Somebody does something to somebody: what a sentence says, whichever words it takes."""

    agent: Names
    agent_quality: Names | None
    verb: Verb
    patient: Names
    patient_quality: Names | None


def event(chance: Chance) -> Event:
    """One of chance, of two beings. Either may have a quality, and no two have the same."""
    agent, quality = chance.pick(BEINGS), chance.pick(QUALITIES)
    return Event(
        agent=agent,
        agent_quality=quality if chance.happens(QUALIFIED) else None,
        verb=chance.pick(MUTUAL),
        patient=chance.pick_other(BEINGS, agent),
        patient_quality=chance.pick_other(QUALITIES, quality) if chance.happens(QUALIFIED) else None,
    )


def said(what: Event, chance: Chance, passive: float = 0.3) -> str:
    """`the big dog sees the old cat`, or `the aged tomcat is spotted by the large hound`."""
    agent = f"the {named(what.agent, what.agent_quality, chance)}"
    patient = f"the {named(what.patient, what.patient_quality, chance)}"
    return acted(agent, what.verb, patient, chance, passive)


def named(being: Names, quality: Names | None, chance: Chance) -> str:
    """`big dog`."""
    return chance.call(being) if quality is None else f"{chance.call(quality)} {chance.call(being)}"


def acted(agent: str, verb: Verb, patient: str, chance: Chance, passive: float) -> str:
    """Who does what to whom, or who is what by whom."""
    if chance.happens(passive):
        return f"{patient} is {chance.call(verb.participles)} by {agent}"
    return f"{agent} {conjugated(verb.names, False, chance)} {patient}"


def distorted(what: Event, chance: Chance) -> Event:
    """Another event: altogether, or by a word or two, or, which is hardest, of the same words in other places."""
    way = chance.random()
    if way < 0.25:
        return _unlike(what, chance)
    if way < 0.75:
        other = _exchanged(what, chance)
        return other if way < 0.55 else _exchanged(other, chance, than=what)
    if way < 0.875 and (what.agent_quality or what.patient_quality):
        return what._replace(agent_quality=what.patient_quality, patient_quality=what.agent_quality)
    return what._replace(agent=what.patient, patient=what.agent)


def _unlike(what: Event, chance: Chance) -> Event:
    """An event of others."""
    while {(other := event(chance)).agent, other.patient} & {what.agent, what.patient}:
        pass
    return other


def _exchanged(what: Event, chance: Chance, than: Event | None = None) -> Event:
    """The event, but for a being or what is done, and not that one again."""
    while (other := _changed(what, chance)) == than:
        pass
    return other


def _changed(what: Event, chance: Chance) -> Event:
    way = chance.random()
    if way < 0.4:
        return what._replace(agent=_other_being(what, what.agent, chance))
    if way < 0.8:
        return what._replace(patient=_other_being(what, what.patient, chance))
    return what._replace(verb=chance.pick_other(MUTUAL, what.verb))


def _other_being(what: Event, than: Names, chance: Chance) -> Names:
    while (being := chance.pick_other(BEINGS, than)) in (what.agent, what.patient):
        pass
    return being


def paraphrase(chance: Chance, is_same: bool) -> tuple[str, str]:
    """Two sentences that say the same, or nearly so. The first is none that a passage could have as a fact."""
    while ((first := event(chance)).agent_quality is None) != (first.patient_quality is None):
        pass
    return said(first, chance), said(first if is_same else distorted(first, chance), chance)


# How alike two concepts in one role are: the same, of one kind, or of two.
LIKENESS = ((0.4, 2), (0.7, 1), (1.0, 0))


def similarity(chance: Chance) -> tuple[str, str, float]:
    """Two short sentences, and how alike they are: 0 to 5, two points for either being, one for what is done."""
    agents, patients = alike(chance), alike(chance)
    verb = chance.pick(MUTUAL)
    is_same = chance.happens(0.5)
    other = verb if is_same else chance.pick_other(MUTUAL, verb)
    first = said(Event(agents[0], None, verb, patients[0], None), chance, passive=0.0)
    second = said(Event(agents[1], None, other, patients[1], None), chance)
    return first, second, agents[2] + patients[2] + float(is_same)


def alike(chance: Chance) -> tuple[Names, Names, float]:
    """Two beings, and how alike they are: 2 if they are the same, 1 if they are of one kind, else 0."""
    kind = chance.pick(ALIVE)
    one = chance.pick(kind.concepts)
    draw = chance.random()
    likeness = next(points for share, points in LIKENESS if draw < share)
    if likeness == 2:
        return one, one, 2.0
    if likeness == 1:
        return one, chance.pick_other(kind.concepts, one), 1.0
    return one, chance.pick(chance.pick_other(ALIVE, kind).concepts), 0.0


class Group(NamedTuple):
    """Who some or no sentence is about: `big dogs near the house`, or `animals`."""

    concept: Names
    quality: Names | None
    place: tuple[str, Names] | None
    is_any: bool  # of its kind: `animals`

    def said(self, chance: Chance) -> str:
        noun = (
            plural(chance.call(KIND_OF[self.concept].names)) if self.is_any else inflected(self.concept, True, chance)
        )
        before = "" if self.quality is None else f"{chance.call(self.quality)} "
        after = "" if self.place is None else f" {self.place[0]} the {chance.call(self.place[1])}"
        return f"{before}{noun}{after}"


def entailment(chance: Chance, relation: Relation) -> tuple[str, str]:
    """`some dogs sleep`, and what it says about `some animals sleep`.

    Of a group and a wider one around it, `some` goes from the narrow one to the wide one, and `no` from the wide one
    to the narrow one; against each other they leave no room in the same two directions. All other ways are neutral.
    """
    narrow = _group(chance)
    wide = _widened(narrow, chance)
    quantifier = chance.pick(("some", "no"))
    against = {"some": "no", "no": "some"}[quantifier]
    if relation == "neutral":
        other = chance.pick((quantifier, against))
        is_up = quantifier == "no"  # the way that nothing follows
        if chance.happens(0.5):  # or either way, of two groups that have nothing to do with each other
            is_up, wide = chance.happens(0.5), _elsewhere(wide, chance)
    else:
        other = quantifier if relation == "entailment" else against
        is_up = quantifier == "some"
    first, second = (narrow, wide) if is_up else (wide, narrow)
    doing = chance.pick(DOINGS)
    return (
        f"{quantifier} {first.said(chance)} {chance.call(doing)}",
        f"{other} {second.said(chance)} {chance.call(doing)}",
    )


def _group(chance: Chance) -> Group:
    return Group(
        concept=chance.pick(BEINGS),
        quality=chance.pick(QUALITIES) if chance.happens(0.6) else None,
        place=(chance.pick(POSITIONS), chance.pick(PLACES)) if chance.happens(0.6) else None,
        is_any=False,
    )


def _elsewhere(group: Group, chance: Chance) -> Group:
    """A group of which nobody is in the first: other beings, or those with another quality, or in another place."""
    kind = KIND_OF[group.concept]
    others = chance.pick_other(ALIVE, kind).concepts if group.is_any else kind.concepts
    ways = [group._replace(concept=chance.pick(others) if group.is_any else chance.pick_other(others, group.concept))]
    if group.quality is not None:
        ways.append(group._replace(quality=chance.pick_other(QUALITIES, group.quality)))
    if group.place is not None:
        ways.append(group._replace(place=(group.place[0], chance.pick_other(PLACES, group.place[1]))))
    return chance.pick(ways)


def _widened(group: Group, chance: Chance) -> Group:
    """A wider group: of any animals instead of dogs, or of dogs that need not be big, or not near the house."""
    ways = [group._replace(is_any=True)]
    if group.quality is not None:
        ways.append(group._replace(quality=None))
    if group.place is not None:
        ways.append(group._replace(place=None))
    return chance.pick(ways)
