"""No task of the built-in world can be told from single words, nor from those of either text by itself.

How many words two texts share is more than single words, and says more: what counting them gives is counted here, too.
A logistic regression on word counts, fitted on all training examples, must stay near chance on 1000 others. The bounds
are chance and 5 points; counting alike answers, chance strays by 1.6 points (one standard deviation) at one half.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from understanding import event

from runtime.micro import columns

Columns = dict[str, list[Any]]
Bags = Callable[[Columns, Columns], tuple[csr_matrix, csr_matrix]]

CLASSIFIED = {"acceptability": 1 / 2, "sentiment": 1 / 2, "paraphrase": 1 / 2, "entailment": 1 / 3}
SLACK = 0.05


@cache
def split(task: str, name: str) -> Columns:
    return columns(task, name, seed=1)


def texts(examples: Columns) -> list[list[str]]:
    return [examples[name] for name in ("sentence", "first", "second") if name in examples]


def counted(train: Sequence[str], score: Sequence[str]) -> tuple[csr_matrix, csr_matrix]:
    counter = CountVectorizer(token_pattern=r"\S+")
    return counter.fit_transform(train), counter.transform(score)


def together(train: Columns, score: Columns) -> tuple[csr_matrix, csr_matrix]:
    """How often each word stands in the example."""
    joined = [[" ".join(parts) for parts in zip(*texts(examples), strict=True)] for examples in (train, score)]
    return counted(*joined)


def apart(train: Columns, score: Columns) -> tuple[csr_matrix, csr_matrix]:
    """How often each word stands in each text."""
    counts = [counted(ours, theirs) for ours, theirs in zip(texts(train), texts(score), strict=True)]
    return csr_matrix(hstack([ours for ours, _ in counts])), csr_matrix(hstack([theirs for _, theirs in counts]))


BAGS = pytest.mark.parametrize("bags", [together, apart], ids=["together", "apart"])


@BAGS
@pytest.mark.parametrize("task", CLASSIFIED)
def test_classes_are_not_in_the_words(task: str, bags: Bags) -> None:
    train, score = split(task, "train"), split(task, "validation")
    ours, theirs = bags(train, score)
    found = LogisticRegression(max_iter=300).fit(ours, train["label"]).score(theirs, score["label"])

    assert found < CLASSIFIED[task] + SLACK


def test_what_quantifiers_say_of_a_pair_is_two_thirds_of_the_answers() -> None:
    """One `some` and one `no` is a contradiction, or neutral; two alike are an entailment, or neutral."""
    pairs = split("entailment", "validation")
    found = ["entailment" if first.split()[0] == second.split()[0] else "contradiction"
             for first, second in zip(pairs["first"], pairs["second"], strict=True)]  # fmt: skip

    assert np.mean([one == other for one, other in zip(found, pairs["label"], strict=True)]) == pytest.approx(
        2 / 3, abs=0.01
    )


def test_what_words_two_sentences_share_leaves_those_of_other_order() -> None:
    """Who knows all names of a thing, and not the order, takes one wrong pair in four for right."""
    pairs = split("paraphrase", "validation")
    same = [things(first) == things(second) for first, second in zip(pairs["first"], pairs["second"], strict=True)]
    found = np.mean([one == bool(label) for one, label in zip(same, pairs["label"], strict=True)])

    assert 0.85 < found < 0.9


def things(sentence: str) -> list[object]:
    """What a sentence speaks of, in no order."""
    agent, deed, patient = event(sentence)
    return sorted(map(str, (agent.concept, agent.quality, deed, patient.concept, patient.quality)))


@BAGS
def test_likeness_is_not_in_the_words(bags: Bags) -> None:
    """Pearson's r of 1000 unrelated pairs strays by 0.03."""
    train, score = split("similarity", "train"), split("similarity", "validation")
    ours, theirs = bags(train, score)
    found = Ridge(alpha=10.0).fit(ours, train["label"]).predict(theirs)

    assert abs(np.corrcoef(found, score["label"])[0, 1]) < 0.1


def test_answers_are_not_in_the_words() -> None:
    """Of the four sentences of a passage, the words of question and sentence do not say which one answers."""
    facts = {name: _facts(split("spans", name)) for name in ("train", "validation")}
    (train, is_answer), (score, _) = facts["train"], facts["validation"]
    questions, theirs = counted([question for question, _ in train], [question for question, _ in score])
    sentences, their_sentences = counted([fact for _, fact in train], [fact for _, fact in score])
    model = LogisticRegression(max_iter=300).fit(hstack([questions, sentences]), is_answer)
    chosen = model.decision_function(hstack([theirs, their_sentences])).reshape(-1, 4).argmax(axis=1)
    right = np.array(facts["validation"][1]).reshape(-1, 4).argmax(axis=1)

    assert np.mean(chosen == right) < 1 / 4 + SLACK


def _facts(examples: Columns) -> tuple[list[tuple[str, str]], list[bool]]:
    """Each sentence of each passage with the question, and whether the answer stands in it."""
    pairs, is_answer = [], []
    for question, passage, answers in zip(examples["question"], examples["context"], examples["answers"], strict=True):
        before = passage[: answers["answer_start"][0]].count(" . ")
        for place, fact in enumerate(passage.split(" . ")):
            pairs.append((question, fact))
            is_answer.append(place == before)
    return pairs, is_answer
