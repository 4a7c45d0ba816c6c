"""The checked experiment: what a `.ticket` file means once every name is resolved and every default written out.

Spans take no part in equality, so that two texts of the same study give equal studies.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from .source import Span
from .units import START, Duration, Sparsity, one_of, percent_text

# Fields of a value that cannot change a result: they stay out of the keys of jobs.
OUTSIDE_KEY = {"key": False}

Places = Mapping[str, Span]  # field -> where it was written; fields that come from elsewhere are absent


@frozen(kw_only=True, repr=False)
class Model:
    """Where the pre-trained network and its tokenizer come from."""

    origin: Literal["hub", "folder", "package", "micro"]
    name: str  # hub id, folder, or import name of an installed package; "micro": the model of the built-in world
    path: str = ""  # inside the package
    revision: str | None = None  # of a hub id
    at: Span = field(eq=False)


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


@frozen(kw_only=True, repr=False)
class Seeds:
    """One run's seed for each source of randomness."""

    search: int  # head, order and dropout of the trainings that find a mask
    head: int  # fresh heads
    order: int  # data order
    dropout: int
    mask: int  # random masks
    weights: int  # random and shuffled weights
    subset: int  # which examples `limit` takes
    masking: int | None = None  # which words are masked, where a task masks words; None: as the order says

    @classmethod
    def tied(cls, seed: int) -> "Seeds":
        return cls(search=seed, head=seed, order=seed, dropout=seed, mask=seed, weights=seed, subset=seed)

    @property
    def is_tied(self) -> bool:
        return self == Seeds.tied(self.search)

    def __str__(self) -> str:
        if self.is_tied:
            return f"seed={self.search}"
        roles = ("search", "head", "order", "masking", "dropout", "mask", "weights", "subset")
        said = ((role, getattr(self, role)) for role in roles)
        return "seeds=" + ",".join(f"{role}:{seed}" for role, seed in said if seed is not None)


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
    places: Places = field(eq=False, factory=dict)  # "prune", "sparsity", "rewind"; "sparsity 50%" for each level

    @property
    def source_name(self) -> str:
        return "+".join(self.source) or ("none" if self.given is None else "file")

    @property
    def label(self) -> str:
        """`imp/mlm`, or `imp[rewind=5% of training]/mlm` where that is an axis."""
        variant = ",".join(f"{axis}={value}" for axis, value in self.variant)
        return f"{self.name}{f'[{variant}]' if variant else ''}/{self.source_name}"


Precision = Literal["fp32", "bf16"]
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
class Arm:
    """A baseline: a mask from somewhere on weights from somewhere. Whatever is not named is the ticket's."""

    name: str
    mask: MaskOrigin
    partner: Partner | None = None  # of a mask combined of two
    weights: WeightsOrigin
    at: Span = field(eq=False)


@frozen(kw_only=True, repr=False)
class Transfer:
    """Every ticket of a block, at some of its levels, trained anew on each target."""

    ticket: str
    levels: tuple[Sparsity, ...]
    targets: tuple[str, ...]
    at: Span = field(eq=False)
    places: Places = field(eq=False, factory=dict)  # "at 50%" for each level


Deviation = Literal["ticket", "dense", "larger", "pooled"]


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
    relation: Literal["is at least", "beats", "matches"]
    right: ArmPattern
    margin: Fraction = Fraction(0)  # points, of "beats"
    quantifier: Literal["every", "most", "some"] = "every"
    other: bool = False  # targets other than the left side's source
    targets: tuple[str, ...] = ()  # empty: all that were run
    sentence: str  # as written, layout aside
    at: Span = field(eq=False)
    places: Places = field(eq=False, factory=dict)  # "left", "left from", "left at", the same of "right", "on mrpc"


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


@frozen(kw_only=True, repr=False)
class Study:
    """The whole experiment of one file."""

    name: str
    question: str | None = None
    model: Model
    precision: Precision = "fp32"
    seeds: tuple[Seeds, ...]
    tasks: Mapping[str, Task]  # those that the study uses
    tickets: tuple[Ticket, ...]
    levels: Mapping[str, tuple[Sparsity, ...]] = field(eq=False, factory=dict)  # of blocks, if one is not understood
    baselines: tuple[Arm, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    match: MatchRule | None = None
    claims: tuple[Claim, ...] = ()
    published: tuple[Published, ...] = ()
    report: tuple[str, ...] = ()  # rows of vocabulary.sections
    at: Span = field(eq=False)

    def partners(self, arm: Arm) -> "Mapping[Ticket, tuple[Ticket, ...]]":
        """The tickets that an arm's partner may mean beside each ticket: one, unless too little is said of it.

        Left out are tickets that would be their own partners, and those whose masks cover other matrices.
        """
        if arm.partner is None:
            return {}
        named: dict[str, list[Ticket]] = {}
        for ticket in self.tickets:
            if ticket.name == arm.partner.ticket:
                named.setdefault(ticket.source_name, []).append(ticket)
        everyone = [ticket for tickets in named.values() for ticket in tickets]
        found = {}
        for ticket in self.tickets:
            its = named.get(arm.partner.source or ticket.source_name, [] if arm.partner.source else everyone)
            if ticket in its:
                continue
            fitting = [other for other in its if other.pruning.scope == ticket.pruning.scope]
            alike = [other for other in fitting if other.variant == ticket.variant] or fitting
            if alike:
                found[ticket] = tuple(alike)
        return found
