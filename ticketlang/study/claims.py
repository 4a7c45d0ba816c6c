"""Claims: the sentences that a study tests, and when a score matches dense."""

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from ..source import Span
from ..units import Sparsity, percent_text
from .common import Places

Deviation = Literal["ticket", "dense", "larger", "pooled"]
Quantifier = Literal["every", "most", "at least half", "some"]


@frozen(kw_only=True, repr=False)
class MatchRule:
    """When a score matches a reference (paper, Section 3: "within one standard deviation"; the sigma is named here)."""

    amount: Fraction  # standard deviations, or points (hundredths of a score), that a mean may lie below dense
    unit: Literal["sd", "points"]
    deviation: Deviation | None = None  # whose; None with points
    confidence: Fraction | None = None  # with which a test over paired runs must show it; None: means are compared
    to_show: Literal["match", "difference"] = "match"  # by a test; "difference": it matches unless shown to be below
    at: Span = field(eq=False)

    def __str__(self) -> str:
        number = f"{float(self.amount):g}"
        if self.unit == "sd":
            return f"within {number} sd of dense using {self.deviation} sd"
        if self.to_show == "match" and not self.amount and self.confidence is None:
            return "at or above dense"
        test = "" if self.confidence is None else f" with {percent_text(self.confidence)} confidence"
        if self.to_show == "difference":
            return f"unless below dense{test}"
        return f"within {number} {'point' if number == '1' else 'points'} of dense{test}"


@frozen(kw_only=True, repr=False)
class ArmPattern:
    """Which cells a side of a claim speaks of; None means "for each"."""

    arm: str  # a ticket block or a baseline
    source: str | None = None  # a source's name, or "target": the ticket of the target itself
    level: Sparsity | None = None

    def __str__(self) -> str:
        source = f" from {self.source}" if self.source else ""
        return f"{self.arm}{source}{f' at {self.level}' if self.level else ''}"


@frozen(kw_only=True, repr=False)
class Claim:
    """A sentence that the study tests."""

    name: str
    left: ArmPattern
    relation: Literal["is at least", "is within", "beats", "matches"]
    right: ArmPattern
    margin: Fraction = Fraction(0)  # points: that "beats" asks for, or that "is within" allows it to be below
    quantifier: Quantifier = "every"
    other: bool = False  # targets other than the left side's source
    targets: tuple[str, ...] = ()  # empty: all that were run
    sentence: str  # as written, layout aside
    at: Span = field(eq=False)
    places: Places = field(eq=False, factory=dict)  # "left", "left from", "left at", the same of "right", "on mrpc"

    @property
    def sides(self) -> tuple[tuple[Literal["left", "right"], ArmPattern], ...]:
        """Both patterns, each with what its places are called after."""
        return ("left", self.left), ("right", self.right)
