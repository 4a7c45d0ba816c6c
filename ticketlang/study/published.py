"""Numbers of publications, to be shown beside the study's own."""

from fractions import Fraction

from attrs import field, frozen

from ..source import Span
from ..units import Sparsity
from .claims import ArmPattern


@frozen(kw_only=True, repr=False)
class PublishedScore:
    """A score that somebody else found, or its gap to the dense one. Shown beside the study's own, and used nowhere."""

    arm: ArmPattern  # without a source: of the ticket that was found on the target itself
    target: str
    points: Fraction  # hundredths of a score, as tables give it
    sd: Fraction | None = None  # in points
    below_dense: bool | None = None  # the points are a gap to dense: below it, or above; None: they are the score
    at: Span = field(eq=False)

    @property
    def gap(self) -> Fraction | None:
        """Score minus dense score, in points; None where the score itself is given."""
        return None if self.below_dense is None else -self.points if self.below_dense else self.points

    def __str__(self) -> str:
        return f"{self.arm} on {self.target}"


@frozen(kw_only=True, repr=False)
class PublishedLevel:
    """The sparsest level at which somebody else found an arm to match dense."""

    arm: ArmPattern
    target: str
    level: Sparsity
    at: Span = field(eq=False)

    def __str__(self) -> str:
        return f"{self.arm} matches dense on {self.target}"


PublishedNumber = PublishedScore | PublishedLevel


@frozen(kw_only=True, repr=False)
class Published:
    """Numbers of one publication."""

    where: str  # such as "Chen et al. 2020, Table 2"
    numbers: tuple[PublishedNumber, ...]
    at: Span = field(eq=False)
