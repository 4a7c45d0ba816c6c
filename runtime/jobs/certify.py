"""A certificate whose checks all hold, or a job that fails."""

from collections.abc import Mapping

from ..failures import BrokenInvariant
from ..store.certificates import JSON, Certificate, Check


def check_equal(name: str, expected: JSON, found: JSON) -> Check:
    return Check(name, expected, found, expected == found)


def certify(checks: tuple[Check, ...], facts: Mapping[str, JSON]) -> Certificate:
    """Raises BrokenInvariant, naming the first check that does not hold."""
    for check in checks:
        if not check.holds:
            expected, found = _apart(check.expected, check.found)
            raise BrokenInvariant(f"this is not so: {check.name}; expected {expected}, found {found}")
    return Certificate(checks, facts)


def _apart(expected: JSON, found: JSON) -> tuple[JSON, JSON]:
    """Of two tables the first line in which they differ: a network has a hundred matrices."""
    if not (isinstance(expected, Mapping) and isinstance(found, Mapping)):
        return expected, found
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    return f"{expected.get(name)} of `{name}`", found.get(name)
