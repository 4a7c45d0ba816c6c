"""Numbers onto a line: where an axis begins and ends, and which round numbers stand beside it."""

import math
from collections.abc import Iterable

from attrs import frozen

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # of which, times a power of ten, axes are made


@frozen
class Scale:
    """From a value to a share of the way."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)


def scale(values: Iterable[float], most: int = 5) -> Scale:
    """A scale with all values on it, and at most so many ticks (one more where both ends are ticks)."""
    there = [value for value in values if math.isfinite(value)]
    low, high = (min(there), max(there)) if there else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    margin = 0.04 * (high - low)
    low, high = low - margin, high + margin
    step = _step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return Scale(low, high, tuple(i * step for i in range(first, last + 1)))


def tick_text(value: float, ticks: tuple[float, ...]) -> str:
    """As many decimals as the ticks beside it need; thousands apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = next((d for d in range(6) if abs(round(step, d) - step) < 1e-9), 6)
    return f"{value + 0.0:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def _step(least: float) -> float:
    """The smallest round number that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))
