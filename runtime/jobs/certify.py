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
            raise BrokenInvariant(f"this is not so: {check.name}; expected {check.expected}, found {check.found}")
    return Certificate(checks, facts)
