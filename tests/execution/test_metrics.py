"""Scores are those of scikit-learn and scipy, and every answer has one."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as peers

from runtime import metrics

CLASSES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)
NUMBERS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=40)


@settings(deadline=None, max_examples=50)
@given(CLASSES)
def test_classes_are_scored_as_by_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = np.array(pairs).T

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [metric(labels, predictions, 2) for metric in (metrics.accuracy, metrics.f1, metrics.matthews)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [
            peers.accuracy_score(labels, predictions),
            peers.f1_score(labels, predictions, zero_division=0),
            peers.matthews_corrcoef(labels, predictions),
        ]
    assert found == pytest.approx(expected)


@settings(deadline=None, max_examples=50)
@given(NUMBERS)
def test_scores_are_correlated_as_by_scipy(pairs: list[tuple[int, int]]) -> None:
    """Where either side is constant there is no correlation, and none is what it says: 0, without a warning."""
    labels, predictions = np.array(pairs, dtype=np.float32).T

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [metric(labels, predictions) for metric in (metrics.pearson, metrics.spearman)]

    if np.ptp(labels) == 0 or np.ptp(predictions) == 0:
        assert found == [0.0, 0.0]
    else:
        expected = [stats.pearsonr(labels, predictions).statistic, stats.spearmanr(labels, predictions).statistic]
        assert found == pytest.approx(expected, abs=1e-6)


def test_f1_of_many_classes_is_their_mean() -> None:
    labels, predictions = np.array([0, 1, 2, 2]), np.array([0, 2, 2, 2])
    assert metrics.f1(labels, predictions, 3) == pytest.approx((1 + 0 + 0.8) / 3)


def test_f1_goes_by_the_classes_of_the_task_not_by_those_that_turn_up() -> None:
    """No example or answer of class 2 may turn a mean over three classes into the F1 of class 1."""
    labels, predictions = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    assert metrics.f1(labels, predictions, 2) == pytest.approx(2 / 3)
    assert metrics.f1(labels, predictions, 3) == pytest.approx((0.8 + 2 / 3) / 2)
