"""Tasks: what a network is trained and scored on, and by which recipe."""

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from ..source import Span
from ..units import START, Duration
from .common import OUTSIDE_KEY, Places


@frozen(kw_only=True, repr=False)
class Data:
    """Where the examples of a task come from."""

    origin: Literal["hub", "files", "micro"]
    name: str  # hub id, a pattern of file names with `{split}` in it, or a row of vocabulary.micro
    config: str | None = None
    revision: str | None = None
    world: int = 1  # the seed of a built-in world
    at: Span = field(eq=False)


@frozen(kw_only=True, repr=False)
class Optimizer:
    """AdamW (Loshchilov & Hutter 2019) and the clipping of its gradients."""

    method: str = "adamw"
    epsilon: Fraction = Fraction(1, 10**8)
    decay: Fraction = Fraction(0)  # decoupled weight decay, of matrices alone: not of biases and norms
    clip: Fraction | None = Fraction(1)  # largest L2 norm of all gradients together; None: no clipping


@frozen(kw_only=True, repr=False)
class Recipe:
    """How a network is trained on a task."""

    train: Duration
    batch: int  # examples a step
    rate: Fraction  # peak learning rate
    schedule: str = "linear"  # from the peak to zero over the whole training
    warmup: Duration = START
    optimizer: Optimizer = Optimizer()
    rounds: int = field(default=1, metadata={"neutral": 1})  # the rate falls as if so many trainings were one

    def steps_per_epoch(self, examples: int, tasks: int = 1) -> int:
        """Optimizer steps until the examples of the first task have passed; the last batch of them may be smaller.

        Args:
            examples: of the first task.
            tasks: that take turns, a batch each.
        """
        return tasks * -(-examples // self.batch)


@frozen(kw_only=True, repr=False, cache_hash=True)
class Task:
    """What a network is trained and scored on."""

    name: str
    kind: str  # a row of vocabulary.tasks, such as "classify pair"
    data: Data = field(metadata=OUTSIDE_KEY)  # a digest of what is read is in the key instead
    train_split: str = "train"
    score_split: str = "validation"
    text: tuple[str, ...]  # columns of the input, in order
    label: str | None = None  # column of the answer
    classes: int | None = None  # labels are 0 to classes - 1; None: as found in the training split
    metrics: tuple[str, ...]  # rows of vocabulary.metrics; the first one decides
    length: int  # tokens; longer inputs are cut
    limit: int | None = None  # training examples: the first of one fixed shuffle; None: all
    limit_evaluation: int | None = None
    best_on: str | None = field(default=None, metadata={"neutral": None})  # scored at its best there; None: at the end
    held_out: Fraction | None = field(default=None, metadata={"neutral": None})  # of the training split, scored on
    stride: int = field(default=128, metadata={"neutral": 128})  # tokens from one window of a text to the next
    head: Literal["fresh", "pretrained"] = field(default="fresh", metadata={"neutral": "fresh"})  # before any training
    recipe: Recipe
    at: Span = field(eq=False, metadata=OUTSIDE_KEY)
    places: Places = field(eq=False, factory=dict, metadata=OUTSIDE_KEY)

    @property
    def splits(self) -> tuple[str, ...]:
        """Every split that is read, each once."""
        splits = (self.train_split, self.score_split, *(() if self.best_on is None else (self.best_on,)))
        return tuple(dict.fromkeys(splits))

    @property
    def scored_on(self) -> str:
        """`validation`, or `1% of train`."""
        return self.score_split if self.held_out is None else f"{float(self.held_out * 100):g}% of {self.train_split}"
