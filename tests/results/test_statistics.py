"""Means, deviations, intervals and tests, against numpy, scipy and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.statistics import (
    RESAMPLES,
    Average,
    Interval,
    average,
    bootstrap_interval,
    bound,
    independent,
    pooled_sd,
    runs_needed,
)

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


# Intervals, tests, and runs that are needed

RUNS = [0.012, -0.004, 0.007, 0.001, 0.020, 0.003, -0.002]


def test_the_interval_is_the_bootstrap_of_scipy() -> None:
    found = bootstrap_interval(tuple(RUNS), 0.9)
    drawn = np.random.default_rng(0)
    expected = stats.bootstrap(
        (np.array(RUNS),), np.mean, confidence_level=0.9, n_resamples=RESAMPLES, random_state=drawn
    )

    assert found == Interval(
        low=expected.confidence_interval.low, high=expected.confidence_interval.high, confidence=0.9
    )
    assert found == bootstrap_interval(tuple(RUNS), 0.9)  # the same runs give the same report


def test_the_interval_is_near_that_of_every_resample() -> None:
    """All 5^5 resamples of five runs, with the correction for bias and acceleration written out (Efron 1987)."""
    runs = np.array(RUNS[:5])
    means = np.sort(runs[np.indices((5,) * 5).reshape(5, -1)].mean(axis=0))  # (3125,)
    without = np.array([np.delete(runs, i).mean() for i in range(5)])
    away = without.mean() - without
    acceleration = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    below = (np.sum(means < runs.mean() - 1e-12) + np.sum(means <= runs.mean() + 1e-12)) / 2 / len(means)
    bias = stats.norm.ppf(below)
    corrected = [bias + (bias + z) / (1 - acceleration * (bias + z)) for z in stats.norm.ppf([0.025, 0.975])]
    low, high = np.quantile(means, stats.norm.cdf(corrected))

    found = bootstrap_interval(tuple(runs.tolist()))

    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_equal_runs_have_an_interval_of_one_point() -> None:
    """There is nothing to correct: percentiles say it."""
    assert bootstrap_interval((0.25,) * 5) == Interval(low=0.25, high=0.25, confidence=0.95)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.02, -0.03, 0.5]), min_size=5, max_size=9))
def test_every_interval_is_one(values: list[float]) -> None:
    """Tied, skewed or flat: two finite ends, in order, within the values, and the same each time."""
    found = bootstrap_interval(tuple(values))
    bootstrap_interval.cache_clear()
    again = bootstrap_interval(tuple(values))
    assert found is not None
    assert found == again
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12


@pytest.mark.parametrize("count", range(5))
def test_few_runs_have_no_interval(count: int) -> None:
    """Resampling them would claim to know far more than it does."""
    assert bootstrap_interval(tuple(RUNS[:count])) is None


@pytest.mark.parametrize("count", [2, 3, 7])
def test_bounds_are_those_of_a_one_sided_test(count: int) -> None:
    """scipy gives the bound of the same test as an interval that is open at one end."""
    runs = RUNS[:count]
    found = average(runs, count)
    assert found is not None
    below = stats.ttest_1samp(runs, 0.0, alternative="greater").confidence_interval(0.95).low
    above = stats.ttest_1samp(runs, 0.0, alternative="less").confidence_interval(0.95).high

    assert bound(found, 0.95, lower=True) == pytest.approx(below)
    assert bound(found, 0.95, lower=False) == pytest.approx(above)


def test_one_run_bounds_nothing() -> None:
    assert bound(Average(mean=0.1, sd=None, n=1, asked=1), 0.95, lower=True) is None


@pytest.mark.parametrize(("deviation", "margin"), [(0.01, 0.01), (0.02, 0.01), (0.005, 0.01)])
def test_so_many_runs_show_it_so_often(deviation: float, margin: float) -> None:
    """Simulated: with that many runs a test succeeds in 80% of studies, and with one fewer in less."""
    needed = runs_needed(deviation, margin, 0.95, 0.8)
    assert needed is not None
    rng = np.random.default_rng(0)

    def succeeds(runs: int) -> float:
        found = deviation * rng.standard_normal((200_000, runs))
        statistic = (found.mean(axis=1) + margin) / (found.std(axis=1, ddof=1) / runs**0.5)
        return float((statistic >= stats.t.ppf(0.95, runs - 1)).mean())

    assert succeeds(needed) >= 0.8 - 0.004  # four deviations of the simulation itself
    assert succeeds(needed - 1) < 0.8 + 0.004


def test_runs_without_spread_need_two_and_wild_ones_too_many() -> None:
    assert runs_needed(0.0, 0.01, 0.95, 0.8) == 2
    assert runs_needed(1.0, 0.01, 0.95, 0.8) is None


def test_differences_that_share_a_run_are_put_together() -> None:
    assert independent([("a", "x", 1.0), ("b", "y", 3.0)]) == (1.0, 3.0)
    assert independent([("a", "x", 1.0), ("b", "x", 2.0), ("c", "y", 5.0)]) == (1.5, 5.0)
    assert independent([("a", "x", 1.0), ("b", "y", 2.0), ("a", "y", 6.0)]) == (3.0,)  # a chain ties all three
    assert independent([("x", "y", 1.0), ("y", "x", 3.0)]) == (1.0, 3.0)  # names of two sides do not meet
    assert independent([]) == ()
