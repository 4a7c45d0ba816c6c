"""The checked experiment: what a `.ticket` file means once every name is resolved and every default written out.

Spans take no part in equality, so that two texts of the same study give equal studies.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import field, frozen

from ..source import Span
from ..units import START, Sparsity
from .arms import Arm, MaskOrigin, Partner, Return, WeightsOrigin
from .claims import ArmPattern, Claim, Deviation, MatchRule, Quantifier
from .common import OUTSIDE_KEY, Places
from .published import Published, PublishedLevel, PublishedNumber, PublishedScore
from .tasks import Data, Optimizer, Recipe, Task
from .tickets import HeadPolicy, MaskFile, Pruning, Resets, Rise, Ticket, usual_head

__all__ = [
    "OUTSIDE_KEY",
    "Arm",
    "ArmPattern",
    "Claim",
    "Data",
    "Deviation",
    "HeadPolicy",
    "MaskFile",
    "MaskOrigin",
    "MatchRule",
    "Model",
    "Optimizer",
    "Partner",
    "Places",
    "Precision",
    "Pruning",
    "Published",
    "PublishedLevel",
    "PublishedNumber",
    "PublishedScore",
    "Quantifier",
    "Recipe",
    "Resets",
    "Return",
    "Rise",
    "Seeds",
    "Study",
    "Task",
    "Ticket",
    "Transfer",
    "WeightsOrigin",
    "usual_head",
]

Precision = Literal["fp32", "bf16"]


@frozen(kw_only=True, repr=False)
class Model:
    """Where the pre-trained network and its tokenizer come from."""

    origin: Literal["hub", "folder", "package", "micro"]
    name: str  # hub id, folder, or import name of an installed package; "micro": the model of the built-in world
    path: str = ""  # inside the package
    revision: str | None = None  # of a hub id
    at: Span = field(eq=False)


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
class Transfer:
    """Every ticket of a block, at some of its levels, trained anew on each target."""

    ticket: str
    levels: tuple[Sparsity, ...]
    targets: tuple[str, ...]
    at: Span = field(eq=False)
    places: Places = field(eq=False, factory=dict)  # "at 50%" for each level


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

    def baseline(self, name: str) -> Arm | None:
        """The baseline of a name; None: a ticket has it, or nothing does."""
        return next((arm for arm in self.baselines if arm.name == name), None)

    def depends_on_ticket(self, arm: Arm, ticket: Ticket) -> bool:
        """Whether another ticket of the same level may give this arm another result."""
        if arm.is_dense:
            return False
        takes_mask = arm.mask not in {"none", "random global"}
        grounds = {(one.pruning.scope, one.pruning.pattern) for one in self.tickets}
        draws_from_scope = arm.mask == "random global" and len(grounds) > 1
        # On its own source, where a transfer has a fresh one; and in a transfer, where that of others is fresh.
        takes_head = ticket.search_head in {"carried", "pretrained"} or ticket.transfer_head == "pretrained"
        takes_training = arm.rewind is not None or ticket.rewind != START or ticket.resets != "everything" or takes_head
        return takes_training or takes_mask or draws_from_scope

    def trainings(self, ticket: Ticket) -> Iterator[tuple[Sparsity, str]]:
        """Where a ticket is trained and scored: on its own source at every level, and wherever it is transferred to."""
        transfers = [transfer for transfer in self.transfers if transfer.ticket == ticket.name]
        for level in ticket.path:
            targets = {target for transfer in transfers if level in transfer.levels for target in transfer.targets}
            if level in ticket.levels and len(ticket.source) == 1:
                targets.update(ticket.source)
            yield from ((level, target) for target in self.tasks if target in targets)

    def partners(self, arm: Arm) -> Mapping[Ticket, tuple[Ticket, ...]]:
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
