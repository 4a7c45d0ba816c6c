"""Means and deviations, against numpy and scipy."""

import numpy as np
import pytest
from scipy import stats

from runtime.statistics import Average, average, pooled_sd

VALUES = [[0.81, 0.79, 0.84], [0.5, 0.52], [0.3, 0.3, 0.3, 0.3]]


@pytest.mark.parametrize("values", VALUES)
def test_mean_and_sample_deviation(values: list[float]) -> None:
    found = average(values, asked=5)

    assert found is not None
    assert found.mean == pytest.approx(np.mean(values), abs=1e-15)
    assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-15)
    assert (found.n, found.asked, found.is_complete) == (len(values), 5, False)


def test_one_run_has_no_deviation_and_none_no_average() -> None:
    assert average([0.4], asked=1) == Average(mean=0.4, sd=None, n=1, asked=1)
    assert average([], asked=1) is None


def test_equal_runs_have_no_deviation_at_all() -> None:
    found = average([0.1 + 0.2] * 3, asked=3)
    assert found is not None
    assert found.sd == 0.0


def test_the_pooled_deviation_is_the_one_of_students_test() -> None:
    one, other = VALUES[0], VALUES[1]
    a, b = average(one, 3), average(other, 2)
    assert a is not None
    assert b is not None
    pooled = pooled_sd(a, b)
    assert pooled is not None

    t = (a.mean - b.mean) / (pooled * (1 / 3 + 1 / 2) ** 0.5)

    assert t == pytest.approx(stats.ttest_ind(one, other).statistic)
    assert pooled_sd(a, Average(mean=0.5, sd=None, n=1, asked=1)) is None
