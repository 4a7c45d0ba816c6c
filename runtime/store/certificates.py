"""What a job proves about its own run: checks of invariants, and facts worth keeping beside the result.

The checks are those whose absence spoilt published results: weights not rewound, masks not enforced, a pruning that
never happened. A certificate lists what was expected and what was found in that very run.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

# What `json.dumps` takes. A recursive type would only be cast away again wherever a stored value is read.
JSON: TypeAlias = Any

# The check that `verify` makes once more from stored weights: expected and found are their digests.
REWOUND = "weights after rewinding are bit-equal to the declared point"


@frozen
class Check:
    """One invariant, as it was declared and as it was found."""

    name: str  # the invariant as a saying: "masked weights are zero after every step"
    expected: JSON
    found: JSON
    holds: bool

    def to_json(self) -> JSON:
        return {"name": self.name, "expected": self.expected, "found": self.found, "holds": self.holds}

    @classmethod
    def from_json(cls, value: JSON) -> "Check":
        return cls(value["name"], value["expected"], value["found"], value["holds"])


@frozen
class Certificate:
    """Everything a job checked of itself, and what it did in numbers."""

    checks: tuple[Check, ...] = ()
    facts: Mapping[str, JSON] = field(factory=dict)

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    def to_json(self) -> JSON:
        return {"checks": [check.to_json() for check in self.checks], "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, value: JSON) -> "Certificate":
        return cls(tuple(Check.from_json(check) for check in value["checks"]), value["facts"])


@frozen
class Outcome:
    """What performing a job gives back; its tensors are files in the folder it was given."""

    result: Mapping[str, JSON]
    certificate: Certificate
