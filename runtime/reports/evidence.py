"""What the sections of a report draw on."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from attrs import define, field

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan
from ticketlang.study import Seeds, Study, Ticket
from ticketlang.units import Sparsity

from ..results import Condition, Results
from ..store import JSON, Artifact, Certificate, Environment, MissingFileError, Provenance, Store, StoreError
from .blocks import Section
from .numbers import share

COLLAPSED = "†"
MIXED = "‡"
OTHER_SPARSITY = "§"

Read = TypeVar("Read")

Variant = tuple[tuple[str, str], ...]  # of a ticket: axes that have several values, each with this one's


@define(slots=False)
class Evidence:
    """A plan, its results, and the store behind them."""

    plan: Plan
    store: Store
    results: Results
    problems: list[str] = field(factory=list)  # what could not be read, told at the end of the report
    sections: dict[str, Section] = field(factory=dict)  # those that were made of it, by name

    @classmethod
    def of(cls, plan: Plan, store: Store) -> "Evidence":
        results = Results.of(plan, store)
        return cls(plan, store, results, list(results.problems))

    @property
    def study(self) -> Study:
        return self.plan.study

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Every task that something was trained on, in the order of the study."""
        there = {condition.target for condition in self.results.conditions}
        return tuple(task for task in self.study.tasks if task in there)

    def on(self, target: str) -> tuple[Condition, ...]:
        """All conditions of a target: dense, the tickets, the other baselines, each from low to high sparsity."""
        arms = [arm.name for arm in self.study.baselines]
        dense = self.results.dense(target)

        def place(condition: Condition) -> tuple[bool, bool, int, int, float]:
            ticket = self.study.tickets.index(condition.ticket) if condition.ticket else -1
            level = float(condition.level.fraction) if condition.level else -1.0
            arm = arms.index(condition.arm) if condition.arm in arms else -1
            return condition != dense, not condition.is_ticket, arm, ticket, level

        return tuple(sorted((c for c in self.results.conditions if c.target == target), key=place))

    @cached_property
    def masks(self) -> Mapping[tuple[Ticket, Sparsity], Mapping[Seeds, JobKey]]:
        """The mask of each ticket at each level that is looked at, by seeds; several seeds may share one."""
        found: dict[tuple[Ticket, Sparsity], dict[Seeds, JobKey]] = {}
        for condition in self.results.conditions:
            if condition.ticket is not None and condition.level is not None and condition.is_ticket:
                its = found.setdefault((condition.ticket, condition.level), {})
                its.update(self.results.masks(condition))
        return found

    @cached_property
    def transferred(self) -> Mapping[tuple[str, Variant, Sparsity], tuple[Ticket, ...]]:
        """The tickets of each block, variant and level at which some are transferred."""
        found: dict[tuple[str, Variant, Sparsity], dict[Ticket, None]] = {}
        for transfer in self.study.transfers:
            for ticket in self.study.tickets:
                # One-shot tickets have a level each: at any other level they are not there.
                levels = [level for level in transfer.levels if level in ticket.path]
                for level in levels if ticket.name == transfer.ticket else ():
                    found.setdefault((ticket.name, ticket.variant, level), {})[ticket] = None
        return {point: tuple(tickets) for point, tickets in found.items()}

    def artifact(self, key: JobKey) -> Artifact | None:
        """A stored result whose files are as they were written; None where there is none, or where they are not."""
        if key not in self.store.known((key,)):
            return None
        try:
            artifact = self.store.artifact(key)
            artifact.check()
        except StoreError as problem:
            self.problems.append(str(problem))
            return None
        return artifact

    def result(self, key: JobKey) -> Mapping[str, JSON] | None:
        """What a job found, its tensors not looked at; None where it is not there, or not as it was written."""
        return self._read(key, lambda artifact: artifact.result)

    def certificate(self, key: JobKey) -> Certificate | None:
        return self._read(key, lambda artifact: artifact.certificate)

    def provenance(self, key: JobKey) -> Provenance | None:
        return self._read(key, lambda artifact: artifact.provenance)

    def _read(self, key: JobKey, read: Callable[[Artifact], Read]) -> Read | None:
        try:
            return read(self.store.artifact(key))
        except MissingFileError:
            return None
        except StoreError as problem:
            self.problems.append(str(problem))
            return None

    def _sparsities(self, conditions: Iterable[Condition]) -> tuple[str, ...]:
        """`inverted at 70%: 30%`, each once."""
        found = ((c, self.results.sparsity(c)) for c in conditions)
        return tuple(dict.fromkeys(f"{arm_name(c)} at {c.level}: {share(s, 1)}" for c, s in found if s is not None))

    def metric(self, target: str) -> str:
        """The metric that decides on a target."""
        return self.study.tasks[target].metrics[0]

    def marks(self, conditions: Iterable[Condition]) -> str:
        """The signs beside a number that rests on these conditions."""
        conditions = tuple(conditions)
        collapsed = COLLAPSED if any(self.results.collapsed_in(condition) for condition in conditions) else ""
        other = OTHER_SPARSITY if any(self.results.sparsity(c) is not None for c in conditions) else ""
        return collapsed + other + (MIXED if len(self.results.environments(conditions)) > 1 else "")

    def footnotes(self, conditions: Iterable[Condition]) -> tuple[str, ...]:
        """What the signs beside these conditions' numbers mean."""
        conditions = tuple(conditions)
        names = {name: None for condition in conditions for name in self.results.collapsed_in(condition)}
        notes = []
        if names:
            notes.append(f"{COLLAPSED} less than one weight in a hundred is left of {_listed(tuple(names))}")
        if others := [c for c in conditions if self.results.sparsity(c) is not None]:
            notes.append(f"{OTHER_SPARSITY} its mask removes another share: {_listed(self._sparsities(others))}")
        if missed := {c: n for c in conditions if (n := self.results.rounding(c))}:
            which = _listed(tuple(dict.fromkeys(f"{arm_name(c)} at {c.level}" for c in missed)))
            most = max(missed.values())
            weights = f"{most:,} weights" if most > 1 else "one weight"
            notes.append(f"rounded in each matrix, masks miss their level by up to {weights}: {which}")
        environments = self.results.environments(conditions)
        if len(environments) > 1:
            notes.append(f"{MIXED} compares runs of different environments: {_differing(environments)}")
        return tuple(notes)


def arm_name(condition: Condition) -> str:
    """`imp/mlm`, `random_init.imp/mlm`, `dense`."""
    if condition.ticket is None:
        return condition.arm
    return condition.ticket.label if condition.is_ticket else f"{condition.arm}.{condition.ticket.label}"


def said_of(variant: Variant) -> str:
    """`, rewind 5% of training`; nothing where a block has one variant alone."""
    return "".join(f", {axis} {value}" for axis, value in variant)


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _differing(environments: tuple[Environment, ...]) -> str:
    first, *others = environments
    return "; ".join(dict.fromkeys(", ".join(first.differences(other)) for other in others))
