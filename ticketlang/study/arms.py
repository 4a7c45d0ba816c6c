"""Arms: the baselines that tickets are compared with."""

from typing import Literal

from attrs import field, frozen

from ..source import Span
from ..units import Duration

MaskOrigin = Literal["none", "ticket", "random global", "random in each matrix", "inverted", "union", "intersection"]
WeightsOrigin = Literal[
    "ticket",
    "pretrained",
    "random all",
    "random pruned matrices",
    "shuffled within each matrix",
    "shuffled layers",
    "run",  # of the training in which a gradual pruning found the mask, at its end
]


@frozen(kw_only=True, repr=False)
class Partner:
    """The ticket whose mask is combined with that of the ticket at hand."""

    ticket: str  # of a block
    source: str | None = None  # a source's name; None: that of the ticket at hand, or the only one there is
    at: Span = field(eq=False)

    def __str__(self) -> str:
        return f"{self.ticket}{f' from {self.source}' if self.source else ''}"


@frozen(kw_only=True, repr=False)
class Return:
    """A point of dense training that an arm's weights go back to, whatever the ticket's own go back to."""

    point: Duration
    is_of_target: bool = False  # of dense training on the target; otherwise on the ticket's source
    at: Span = field(eq=False)


@frozen(kw_only=True, repr=False)
class Arm:
    """A baseline: a mask from somewhere on weights from somewhere. Whatever is not named is the ticket's."""

    name: str
    mask: MaskOrigin
    partner: Partner | None = None  # of a mask combined of two
    weights: WeightsOrigin
    rewind: Return | None = None  # None: as the ticket has it
    at: Span = field(eq=False)

    @property
    def is_dense(self) -> bool:
        """Whether it is the dense pre-trained network, trained from the start."""
        return self.mask == "none" and self.weights == "pretrained"
