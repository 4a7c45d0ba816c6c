"""Tickets: how masks are found, and what the weights that survive go back to."""

from typing import Literal

from attrs import field, frozen

from ..source import Span
from ..units import START, Duration, Sparsity, one_of
from .common import OUTSIDE_KEY, Places
from .tasks import Recipe, Task


@frozen(kw_only=True, repr=False)
class Rise:
    """Prunings in the middle of one training, in which the sparsity rises by a cubic (Zhu & Gupta 2017, equation 1)."""

    begins: Duration  # nothing is removed up to here
    ends: Duration  # all that is to be removed is gone from here on
    every: Duration  # from one pruning to the next; a step at least

    def __str__(self) -> str:
        first = str(self.begins)
        if self.begins.unit == self.ends.unit == "training":
            first = first.removesuffix(" of training")
        return f"from {first} to {self.ends} every {self.every}"


@frozen(kw_only=True, repr=False)
class Pruning:
    """Which weights are looked at, and how they are scored."""

    method: str  # a row of vocabulary.prunings, such as "magnitude"
    # One threshold over the scope, the same share of each matrix, or shares by the sizes of matrices.
    allocation: Literal["global", "per layer", "erk"]
    scope: tuple[str, ...]  # rows of vocabulary.scopes, such as ("encoder", "pooler")
    pattern: tuple[int, int] | None = field(default=None, metadata={"neutral": None})  # (2, 4): 2 of every 4 are kept
    batches: int | None = field(default=None, metadata={"neutral": None})  # whose gradients are looked at
    iterations: int | None = field(default=None, metadata={"neutral": None})  # steps on the way to the sparsity
    rise: Rise | None = field(default=None, metadata={"neutral": None})  # None: between trainings
    at: Span | None = field(default=None, eq=False, metadata=OUTSIDE_KEY)  # None: written by no one

    def __str__(self) -> str:
        """As the language says it, defaults included."""
        counted = (("batches", self.batches), ("iterations", self.iterations))
        shared = self.allocation if self.pattern is None else "{}:{}".format(*self.pattern)
        over = "".join(f" over {_count(number, unit)}" for unit, number in counted if number is not None)
        said = f"{self.method} {shared} of {' + '.join(self.scope)}{over}"
        return said if self.rise is None else f"gradual {said} {self.rise}"


def _count(number: int, unit: str) -> str:
    """`1 batch`, `10 batches`."""
    return f"{number} {unit if number != 1 else one_of(unit)}"


@frozen(kw_only=True, repr=False)
class MaskFile:
    """A mask that comes as a file instead of being found."""

    name: str  # a path, beside the spec or under `--data`
    missing: Literal["nothing", "dense", "by magnitude"]  # of matrices that the file lacks; "nothing": none may
    at: Span = field(eq=False)


HeadPolicy = Literal["fresh", "rewound", "carried", "pretrained"]
Resets = Literal["everything", "pruned matrices", "nothing"]


def usual_head(resets: Resets) -> HeadPolicy:
    """The head that a search begins its rounds with, unless it says which: it goes back where anything does."""
    return "carried" if resets == "nothing" else "rewound"


@frozen(kw_only=True, repr=False, cache_hash=True)
class Ticket:
    """One point of a ticket block's axes: a mask found by pruning, and the weights it is reset to."""

    name: str  # of the block
    source: tuple[str, ...]  # tasks trained on, jointly where several; empty: the pre-trained weights, or a file
    pruning: Pruning
    path: tuple[Sparsity, ...]  # levels pruned through, in order
    levels: tuple[Sparsity, ...]  # those of the path that are looked at
    rewind: Duration = START  # a round sets in at this point of dense training on the source
    resets: Resets = "everything"  # what goes back to its weights there; "nothing": training goes on with its own
    first: Literal["train", "prune"] = "train"  # what the first round begins with
    search_head: HeadPolicy = "rewound"
    transfer_head: HeadPolicy = "fresh"
    recipe: Recipe | None = None  # of the search; None: the source task's own
    limit: int | Literal["all"] | None = None  # examples of each source in the search; None: the source task's own
    given: MaskFile | None = None  # nothing is searched: the mask is in a file
    variant: tuple[tuple[str, str], ...] = ()  # axes other than the source that have several values, as text
    at: Span = field(eq=False)
    places: Places = field(eq=False, factory=dict)  # "prune", "rewind", "block"; "sparsity 50%" for each level

    @property
    def source_name(self) -> str:
        return "+".join(self.source) or ("none" if self.given is None else "file")

    def limit_on(self, task: Task) -> int | None:
        """How many examples of a source its masks are found on; None: all of them."""
        if self.limit is None:
            return task.limit
        return None if self.limit == "all" else self.limit

    @property
    def label(self) -> str:
        """`imp/mlm`, or `imp[rewind=5% of training]/mlm` where that is an axis."""
        variant = ",".join(f"{axis}={value}" for axis, value in self.variant)
        return f"{self.name}{f'[{variant}]' if variant else ''}/{self.source_name}"
