"""The six tasks of the world and its corpus: the columns of an example, and how one is drawn."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from attrs import frozen

from .chance import Chance
from .corpus import document
from .pairs import RELATIONS, entailment, paraphrase, similarity
from .passages import reading
from .sentences import review, statement
from .world import World

Row = Mapping[str, Any]  # column -> value


class Drawn(NamedTuple):
    """An example, and the texts by which it is filed: those of one split are in no other."""

    row: Row
    filed: tuple[str, ...]


@frozen(kw_only=True)
class MicroTask:
    """Examples of one kind, and how many there are in each split."""

    draw: Callable[[World, Chance, int], Drawn]  # the n-th: answers come in turns, so that each is as frequent
    sizes: Mapping[str, int]


def _acceptability(world: World, chance: Chance, turn: int) -> Drawn:
    sentence = statement(world, chance, is_right=turn % 2 == 1, is_asked=True)
    return Drawn({"sentence": sentence, "label": turn % 2}, (sentence,))


def _sentiment(world: World, chance: Chance, turn: int) -> Drawn:
    sentence = review(chance, is_kind=turn % 2 == 1)
    return Drawn({"sentence": sentence, "label": turn % 2}, (sentence,))


def _paraphrase(world: World, chance: Chance, turn: int) -> Drawn:
    first, second = paraphrase(chance, is_same=turn % 2 == 1)
    return Drawn({"first": first, "second": second, "label": turn % 2}, (first,))


def _entailment(world: World, chance: Chance, turn: int) -> Drawn:
    relation = RELATIONS[turn % 3]
    first, second = entailment(chance, relation)
    return Drawn({"first": first, "second": second, "label": relation}, (first,))


def _similarity(world: World, chance: Chance, turn: int) -> Drawn:
    first, second, likeness = similarity(chance)
    return Drawn({"first": first, "second": second, "label": likeness}, (first,))


def _spans(world: World, chance: Chance, turn: int) -> Drawn:
    found = reading(chance)
    answers = {"text": [found.answer], "answer_start": [found.answer_start]}
    return Drawn({"question": found.question, "context": found.passage, "answers": answers}, (found.passage,))


def _corpus(world: World, chance: Chance, turn: int) -> Drawn:
    found = document(world, chance, turn)
    return Drawn({"text": found.text}, found.parts)


TASKS = {
    "acceptability": MicroTask(draw=_acceptability, sizes={"train": 8000, "validation": 1000}),
    "sentiment": MicroTask(draw=_sentiment, sizes={"train": 4000, "validation": 1000}),
    "paraphrase": MicroTask(draw=_paraphrase, sizes={"train": 16_000, "validation": 1000}),
    "entailment": MicroTask(draw=_entailment, sizes={"train": 6000, "validation": 1000}),
    "similarity": MicroTask(draw=_similarity, sizes={"train": 8000, "validation": 1000}),
    "spans": MicroTask(draw=_spans, sizes={"train": 8000, "validation": 1000}),
    "corpus": MicroTask(draw=_corpus, sizes={"pretraining": 400_000, "train": 10_000, "validation": 1000}),
}
