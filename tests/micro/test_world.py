"""The built-in world: its texts mean what their labels say, come in splits that share nothing, and never change."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice, pairwise

import pytest
from understanding import GROUPS, KIND, NOUNS, QUALITY, Names, event, is_kind, is_right, relation

from runtime.micro import TASKS, columns, digest
from runtime.micro.chance import Chance
from runtime.micro.lexicon import words
from runtime.micro.splits import _drawn, _Split, rows
from runtime.micro.tasks import Row
from runtime.micro.world import World
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.vocabulary.micro import MICRO

STUDY = """model micro
seeds 1, 2
ticket imp { source micro, mlm; prune magnitude of encoder; sparsity 50% of original }
"""
SIX = [name for name in TASKS if name != "corpus"]
WORLDS = pytest.mark.parametrize("seed", [1, 2])


def of(task: str, seed: int, split: str = "validation") -> list[dict[str, object]]:
    return [dict(row) for row in rows(task, split, seed)]


# What labels say


@WORLDS
def test_right_sentences_are_right_and_wrong_ones_wrong(seed: int) -> None:
    for row in of("acceptability", seed):
        assert is_right(str(row["sentence"]), World.of(seed)) == row["label"], row


@WORLDS
def test_reviews_are_as_kind_as_they_say(seed: int) -> None:
    for row in of("sentiment", seed):
        assert is_kind(str(row["sentence"])) == row["label"], row


@WORLDS
def test_paraphrases_mean_the_same_and_others_do_not(seed: int) -> None:
    for row in of("paraphrase", seed):
        assert (event(str(row["first"])) == event(str(row["second"]))) == row["label"], row


@WORLDS
def test_what_follows_follows_and_what_is_neutral_may_be_either(seed: int) -> None:
    for row in of("entailment", seed, "train"):
        assert relation(str(row["first"]), str(row["second"])) == row["label"], row


@WORLDS
def test_likeness_counts_two_for_beings_and_one_for_what_is_done(seed: int) -> None:
    for row in of("similarity", seed):
        (agent, verb, patient), (agent2, verb2, patient2) = event(str(row["first"])), event(str(row["second"]))
        points = float(verb == verb2)
        for one, other in ((agent.concept, agent2.concept), (patient.concept, patient2.concept)):
            assert one is not None
            assert other is not None
            points += 2 * (one == other) or KIND[one] == KIND[other]
        assert points == row["label"], row


@WORLDS
def test_answers_stand_where_they_are_said_to(seed: int) -> None:
    split = columns("spans", "validation", seed)
    for passage, question, answers in zip(split["context"], split["question"], split["answers"], strict=True):
        (text,), (start,) = answers["text"], answers["answer_start"]
        assert passage[start : start + len(text)] == text
        (fact,) = [fact for fact in passage.split(" . ") if text in fact and _is_about(fact, question)]
        assert text in fact


def _is_about(fact: str, question: str) -> bool:
    """Whether a fact shares what the question names, by any of its names."""
    asked = {NAMES[word] for word in question.split() if word in NAMES}
    return asked <= {NAMES[word] for word in fact.split() if word in NAMES}


def _names() -> dict[str, str]:
    """Every word of a pair -> the first of the pair."""
    from runtime.micro.lexicon import BEINGS, MUTUAL

    pairs = [*BEINGS, *(verb.names for verb in MUTUAL)]
    return {word + ending: pair[0] for pair in pairs for word in pair for ending in ("", "s")}


NAMES = _names()


@pytest.mark.parametrize("task", [name for name in SIX if name not in ("similarity", "spans")])
@pytest.mark.parametrize("split", ["train", "validation"])
def test_each_answer_is_as_frequent(task: str, split: str) -> None:
    counts = Counter(columns(task, split, 1)["label"]).values()

    assert max(counts) - min(counts) <= 1


@WORLDS
def test_stories_call_known_who_was_told_of_before(seed: int) -> None:
    stories = [text for row in of("corpus", seed) if " one " in (text := f" {row['text']}")]
    for text in stories:
        known: set[Names] = set()
        for sentence in text.split(" . "):
            new = set()
            for article, named in pairwise(word for word in sentence.split() if word not in QUALITY):
                if article == "one":
                    new.add(NOUNS[named][0])
                elif article == "the" and named in NOUNS:
                    assert NOUNS[named][0] in known, text
                elif article == "the":  # `the animal`: of those told of, it is one alone
                    assert [KIND[being].names for being in known].count(GROUPS[f"{named}s"].names) == 1, text
            assert not new & known, text
            known |= new

    assert len(stories) > 100


# What is told apart


def bag(text: str) -> str:
    return " ".join(sorted(text.split()))


def filed(row: dict[str, object]) -> str:
    """The words of the text that an example is told apart by, in the order of the alphabet."""
    return bag(str(row.get("context") or row.get("first") or row.get("sentence")))


@pytest.mark.parametrize("task", SIX)
def test_splits_share_no_text_even_in_another_order(task: str) -> None:
    train, score = ({filed(row) for row in of(task, 1, split)} for split in ("train", "validation"))

    assert not train & score


def test_nothing_that_is_asked_was_read_before() -> None:
    """Neither the sentence, nor the first of a pair, nor the passage, nor the same words in another order.

    The corpus's own validation split is scored on, and never trained on.
    """
    asked = {filed(row) for task in SIX for split in ("train", "validation") for row in of(task, 1, split)}
    read = [*of("corpus", 1, "train"), *(dict(row) for row in islice(rows("corpus", "pretraining", 1), 40_000))]
    parts = {bag(part) for row in read for part in _parts(str(row["text"]))}

    assert len(parts) > 40_000
    assert not parts & asked


def _parts(text: str) -> list[str]:
    """The texts that a document is made from, without the words that link them; of a passage its facts, too."""
    if "?" in text:
        facts = [part for part in text.split(" . ") if "?" not in part]
        return [" . ".join(facts), *facts]
    links = ("indeed", "instead", "so", "perhaps", "impossible", "unlike", "partly", "alike")
    parts = []
    for part in text.split(" . "):
        first, _, rest = part.partition(" ")
        parts.append(rest.removeprefix(", ") if first in links else part)
    return parts


@pytest.mark.parametrize("task", TASKS)
def test_no_example_comes_twice(task: str) -> None:
    texts = [json.dumps(row) for row in of(task, 1)]

    assert len(set(texts)) == len(texts)


def test_the_language_knows_every_text_and_the_library_has_a_task_of_each() -> None:
    assert set(MICRO) == set(TASKS)
    checked = check(Source("s", "use micro\nstudy s {\n" + STUDY + "}\n"))
    assert checked.study is not None
    assert {task.data.name for task in checked.study.tasks.values()} == set(TASKS)
    for task in checked.study.tasks.values():
        made = next(iter(rows(task.data.name, task.score_split, 1)))
        assert {*task.text, *([task.label] if task.label else [])} == set(made)


# What stays


def test_every_word_is_in_the_lexicon_and_every_word_of_it_is_used() -> None:
    found = {word for row in islice(rows("corpus", "pretraining", 1), 100_000) for word in str(row["text"]).split()}

    assert found == set(words())


def test_a_seed_is_a_world() -> None:
    assert World.of(1) == World.of(1)
    assert World.of(1) != World.of(2)
    assert of("sentiment", 1) == list(_drawn("sentiment", "validation", 1))
    assert of("sentiment", 1) != of("sentiment", 2)
    assert digest("sentiment", 1) != digest("sentiment", 2) != digest("paraphrase", 2)


def test_who_reads_beside_another_reads_the_same() -> None:
    """Examples are drawn once a process, by whoever comes first to each."""
    one, other = iter(rows("acceptability", "validation", 9)), iter(rows("acceptability", "validation", 9))
    first = [next(one), next(one)]
    both = [next(other), next(other), next(other), next(one), *islice(one, 2), next(other)]

    assert both[:2] == first
    assert both[2] == both[3]
    assert both[4] == both[6]
    assert [*first, both[3], both[4], both[5]] == list(islice(rows("acceptability", "validation", 9), 5))


def test_a_drawing_that_was_interrupted_loses_nothing() -> None:
    def interrupted() -> Iterator[Row]:
        yield from islice(_drawn("acceptability", "validation", 9), 3)
        raise KeyboardInterrupt

    split = _Split("acceptability", "validation", 9, drawing=interrupted())
    with pytest.raises(KeyboardInterrupt):
        list(split)

    assert len(split.drawn) == 3
    assert list(split) == list(_drawn("acceptability", "validation", 9))


def test_draws_are_fair_and_pick_another() -> None:
    chance = Chance("fair")
    assert Counter(chance.pick("abc") for _ in range(9000)).keys() == set("abc")
    assert {chance.pick_other("abc", "b") for _ in range(99)} == set("ac")
    assert sorted(chance.shuffled("abcdef")) == list("abcdef")
    assert len({tuple(chance.shuffled("abc")) for _ in range(99)}) == 6


PINNED = {
    "acceptability": ("micro:2:1:acceptability", "ee4c64935414c314"),
    "sentiment": ("micro:2:1:sentiment", "c9aa69d3d20d2342"),
    "paraphrase": ("micro:2:1:paraphrase", "679b2259a2bf720c"),
    "entailment": ("micro:2:1:entailment", "708eeb4d4eb88274"),
    "similarity": ("micro:2:1:similarity", "5cace058c5edb313"),
    "spans": ("micro:2:1:spans", "b9ef1cd53b2db978"),
    "corpus": ("micro:2:1:corpus", "08a133b781443de4"),
}


@pytest.mark.parametrize("task", TASKS)
def test_texts_never_change_under_one_version(task: str) -> None:
    """Keys of results hold the version of the world: raise `splits.VERSION` with any change, and pin the new texts."""
    text = json.dumps(list(islice(rows(task, "train", 1), 500)), sort_keys=True)

    assert (digest(task, 1), blake2b(text.encode(), digest_size=8).hexdigest()) == PINNED[task]
