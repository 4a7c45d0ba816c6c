"""What can go from a store: results that no study of some needs, weights that none of their jobs reads any more, and
what was set aside or left behind. Found first and shown; dropped when somebody says so.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress

from attrs import frozen

from ticketlang.jobs import JobKey, inputs_in, inputs_of
from ticketlang.plan import Plan

from ..store import DamagedError, MissingFileError, Store
from ..store.checkpoints import Checkpoints
from ..store.dropping import discard, drop_states
from .stock import Holding, Stock, stock

Tell = Callable[[int, int], None]  # how many are dropped, of how many


@frozen(kw_only=True)
class Needs:
    """What some studies need of a store."""

    results: frozenset[JobKey]
    states: frozenset[JobKey]  # of which trainings some job that is still to run reads the weights

    @classmethod
    def of(cls, whole: Iterable[Collection[JobKey]], plans: Iterable[Plan]) -> "Needs":
        """
        Args:
            whole: the keys of all jobs of each study.
            plans: of each study as it stands.
        """
        results = frozenset(key for keys in whole for key in keys)
        states = frozenset(key for plan in plans for job in plan.to_run for key in inputs_of(job.job))
        return cls(results=results, states=states)


@frozen(kw_only=True)
class Garbage:
    """What can go, and what stays."""

    results: tuple[Holding, ...]
    states: tuple[Holding, ...]  # which stay but for their weights
    damaged: Mapping[str, int]  # folders of results that were set aside, and their bytes
    left: Mapping[str, int]  # folders of jobs that ended with their process
    checkpoints: Mapping[JobKey, int]  # of jobs that no study asks for, and their bytes
    kept: tuple[Holding, ...]
    in_use: frozenset[JobKey]  # that some process is doing, or reads

    @property
    def size(self) -> int:
        results, states = (holding.size for holding in self.results), (holding.states for holding in self.states)
        return sum((*results, *states, *self.damaged.values(), *self.left.values(), *self.checkpoints.values()))

    def __bool__(self) -> bool:
        return bool(self.results or self.states or self.damaged or self.left or self.checkpoints)


def garbage(store: Store, needs: Needs, *, with_states: bool) -> Garbage:
    """What can go from a store. Nothing that some process works on, or that such a result was made from, does.

    Args:
        with_states: weights of trainings that stay, too.
    """
    held: Stock = stock(store)
    in_use = store.claims.in_use()
    kept = needs.results | _origins(store, in_use)
    going = tuple(holding for holding in held.holdings if holding.key not in kept)
    staying = tuple(holding for holding in held.holdings if holding.key in kept)
    idle = (holding for holding in staying if holding.key not in needs.states | in_use and holding.states)
    staged = store.disk.sizes(store.layout.staging)
    begun = Checkpoints(store.layout, store.disk)
    return Garbage(
        results=going,
        states=tuple(idle) if with_states else (),
        damaged=store.disk.sizes(store.layout.damaged),
        left={n: size for n, size in staged.items() if not store.claims.is_taken(JobKey(n.partition(".")[0]))},
        checkpoints={key: size for key, size in begun.sizes().items() if key not in needs.results | in_use},
        kept=staying,
        in_use=in_use,
    )


def _origins(store: Store, keys: Collection[JobKey]) -> frozenset[JobKey]:
    """These results, and all that they were made from."""
    found: set[JobKey] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            with suppress(MissingFileError, DamagedError):
                waiting += inputs_in(store.artifact(key).settings).values()
    return frozenset(found)


def drop(store: Store, found: Garbage, tell: Tell) -> int:
    """Drop what was found. Returns how many results stay all the same: somebody works on them now.

    Raises:
        StoreError: the disk refuses. What was dropped is gone, and all else is whole.
    """
    spared = 0
    for number, holding in enumerate((*found.results, *found.states)):
        tell(number, len(found.results) + len(found.states))
        try:
            is_gone = discard(store, holding.key) if number < len(found.results) else drop_states(store, holding.key)
        except DamagedError:  # the next run finds it, and makes it anew
            is_gone = False
        spared += not is_gone
    for name in found.damaged:
        store.disk.remove(store.layout.damaged / name)
    for key in found.checkpoints:
        if not store.claims.is_taken(key):
            store.disk.remove(store.layout.checkpoints_of(key))
    store.sweep()
    return spared
