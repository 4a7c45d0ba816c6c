"""What a job proves about its own run: checks of invariants, and facts worth keeping beside the result.

The checks are those whose absence spoilt published results: weights not rewound, masks not enforced, a pruning that
never happened. A certificate lists what was expected and what was found in that very run.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

# What `json.dumps` takes. A recursive type would only be cast away again wherever a stored value is read.
JSON: TypeAlias = Any

# The names of checks. `verify` knows which of them each kind of job must have made, and makes some of them once more;
# of the first two, expected and found are digests.
REWOUND = "weights after rewinding are bit-equal to the declared point"
HEAD_REWOUND = "the head is bit-equal to the declared one"
EXACT = "products of fp32 have the digits of fp32 on this device"
STEPS = "the optimizer took as many steps as declared"
RATES = "the learning rate of every step is that of the schedule"
LAST_RATE = "the learning rate of the last step is the declared end"
SEEDS = "random numbers come from the declared seeds"
HELD = "masked weights are zero after every step: steps checked"
HOLES = "each matrix has as many zeros at the end as its mask removes"
PRUNED_ON_THE_WAY = "the prunings: the step before each, and how many weights are gone from there on"
NESTED_ON_THE_WAY = "what each pruning keeps was kept by the one before"
HELD_SINCE = "masked weights are zero after every step from the first pruning on: steps checked"
SCORED = "the weights that are scored are bit-equal to the declared ones: matrices"
REMOVED = "as many weights are removed as declared"
REMOVED_OF_EACH = "as many weights of each matrix are removed as declared"
PATTERN = "as many of every few neighbours are kept as declared"
PRUNINGS_DONE = "as many prunings were done as declared"
NESTED = "what is kept was kept by the mask before"
GIVEN = "the mask is as sparse as declared, to a hundredth of a percent"
INVERTED = "as many weights are kept as were removed"
COMBINED = "what either keeps and what both keep are as many as what each keeps"
TRAINED_ENDS = "weights at the ends of the line are bit-equal to what their trainings left"
ENDS = "the ends of the line score as their trainings did, to a point"
HOLES_AT_ENDS = "removed weights that are zero at both ends"


@frozen
class Promise:
    """What a check is there for."""

    of: str  # whose certificates have it
    otherwise: str  # what a result without it might be, with nobody the wiser


# Every check that a job makes of itself. Of whole units, `heads` and `neurons` stand in the place of `weights`.
PROMISES: Mapping[str, Promise] = {
    REWOUND: Promise(
        "each training, before its first step",
        "trained from weights that were never put back, as the copy that shares its memory with the network makes it",
    ),
    HEAD_REWOUND: Promise("each training, before its first step", "trained with a head that has seen the task before"),
    EXACT: Promise(
        "each training, before its first step, by products in fp64 beside those in fp32",
        "computed in TF32 or bf16, by a library that a setting of its own tells to, and named fp32",
    ),
    STEPS: Promise("each training, by the count of the optimizer", "shorter than declared"),
    RATES: Promise("each training, as the optimizer had them", "trained by another schedule than is written down"),
    LAST_RATE: Promise(
        "trainings that go to their end, by a formula of its own", "trained at a rate that never falls to its end"
    ),
    SEEDS: Promise("whatever draws random numbers", "a run of another seed, or the same run under two seeds"),
    HELD: Promise("trainings under a mask, after each step", "dense again, by momentum or decay, under a sparse name"),
    HOLES: Promise("trainings under a mask, at the end", "sparser or denser than its ticket in some matrix"),
    PRUNED_ON_THE_WAY: Promise("gradual prunings", "pruned at other steps, by other amounts, or never"),
    NESTED_ON_THE_WAY: Promise("gradual prunings", "made of weights that had been removed, and came back"),
    HELD_SINCE: Promise("gradual prunings, after each step", "dense again between two prunings"),
    SCORED: Promise("masks that are found, before a pruning", "chosen by other weights than its training left"),
    REMOVED: Promise("masks that are found or drawn", "of another sparsity than its level"),
    REMOVED_OF_EACH: Promise(
        "masks with a declared share of each matrix, found or drawn", "of the right sparsity with other shares"
    ),
    PATTERN: Promise("masks of so many of every few neighbours", "of the right sparsity without its pattern"),
    PRUNINGS_DONE: Promise("masks that are found", "found in fewer rounds than declared, or in none"),
    NESTED: Promise("masks that are found", "made of weights that an earlier round had removed"),
    GIVEN: Promise("masks from a file", "of another sparsity than the study declares"),
    INVERTED: Promise("inverted masks", "no complement of the ticket's"),
    COMBINED: Promise("unions and intersections", "no combination of the two masks"),
    TRAINED_ENDS: Promise("lines between trainings", "a line between other networks than those that were trained"),
    ENDS: Promise("lines between trainings that are scored at their end", "scored in another way than its ends were"),
    HOLES_AT_ENDS: Promise("lines between tickets", "a line that leaves the mask"),
}

# Names of facts: the seeds that streams of random numbers were drawn from in that very run, by their role.
SEEDS_DRAWN = "seeds drawn from"
# And of the matrices that the loss did not depend on, such as a pooler that no head reads: they are as they were.
NO_GRADIENT = "matrices without gradient"


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
