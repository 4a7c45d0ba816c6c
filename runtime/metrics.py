"""Scores of predictions, as fractions: accuracy 0.812, correlation -1 to 1."""

import re
import string
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]  # (N) classes or scores
Classes = int | None  # how many the task has, found or not; None where answers are scores
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
ARTICLES = re.compile(r"\b(a|an|the)\b")

Metric = Callable[[Values, Values, Classes], float]  # labels, predictions, classes


def accuracy(labels: Values, predictions: Values, classes: Classes = None) -> float:
    from sklearn.metrics import accuracy_score  # type: ignore[import-untyped]  # comes without types

    return float(accuracy_score(labels, predictions))


def f1(labels: Values, predictions: Values, classes: Classes) -> float:
    """F1 of class 1 where a task has two classes, as GLUE scores MRPC and QQP.

    Otherwise the mean over the classes that are among the labels or the predictions.
    """
    from sklearn.metrics import f1_score

    average = "binary" if classes == 2 else "macro"
    return float(f1_score(labels, predictions, average=average, zero_division=0.0))


def matthews(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """Matthews' correlation; 0 if all predictions are the same."""
    from sklearn.metrics import matthews_corrcoef

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a single class is an answer, too
        return float(matthews_corrcoef(labels, predictions))


def pearson(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """Pearson's correlation; 0 if either side is constant."""
    from scipy.stats import pearsonr

    return _correlation(pearsonr, labels, predictions)


def spearman(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """Spearman's correlation of ranks; 0 if either side is constant."""
    from scipy.stats import spearmanr

    return _correlation(spearmanr, labels, predictions)


def masked_accuracy(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """The share of masked words that were found. Predictions are (N, 2): a word, and a logarithm, as below."""
    return float(np.mean(labels == predictions[:, 0]))


def masked_likelihood(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """1 / perplexity: exp of the mean logarithm of the probability that the masked word was given."""
    return float(np.exp(np.mean(predictions[:, 1])))


def exact_match(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """The share of predictions that are, once normalized, one of the answers that are right (SQuAD v1.1).

    Labels are (N) tuples of texts, predictions (N) texts.
    """
    return _best_of_answers(lambda answer, text: float(_words(answer) == _words(text)), labels, predictions)


def span_f1(labels: Values, predictions: Values, classes: Classes = None) -> float:
    """F1 of the words that prediction and answer share, as often as they do, with the best of the answers (SQuAD v1.1).

    Labels and predictions as above. Without a common word it is 0, and so it is where nothing is left of either.
    """
    return _best_of_answers(_f1_of_words, labels, predictions)


def _f1_of_words(answer: str, text: str) -> float:
    right, found = Counter(_words(answer)), Counter(_words(text))
    return 2 * (right & found).total() / max(right.total() + found.total(), 1)


def _best_of_answers(measure: Callable[[str, str], float], labels: Values, predictions: Values) -> float:
    pairs = zip(labels, predictions, strict=True)
    return float(np.mean([max(measure(answer, text) for answer in answers) for answers, text in pairs]))


def _words(text: str) -> list[str]:
    """Lower case, without punctuation (of ASCII) and without articles."""
    return ARTICLES.sub(" ", text.lower().translate(NO_PUNCTUATION)).split()


def _correlation(measure: Callable[..., Any], labels: Values, predictions: Values) -> float:
    if len(labels) < 2 or np.ptp(labels) == 0 or np.ptp(predictions) == 0:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nearly constant input: the number stands all the same
        found = float(measure(labels.astype(np.float64), predictions.astype(np.float64)).statistic)
    return found if np.isfinite(found) else 0.0
