"""What a plan counts on and is not as it was written any more, and the plan that makes it anew."""

from collections.abc import Callable, Iterator

from ticketlang.jobs import JobKey
from ticketlang.plan import KnownResults, Plan

from .store import DamagedError, MissingFileError, Store


def sound_plan(
    store: Store, plan_for: Callable[[KnownResults], Plan], *, wholly: bool
) -> tuple[Plan, tuple[DamagedError, ...]]:
    """The plan if damaged results were not there, and what is wrong with each. Nothing is moved.

    Args:
        plan_for: the study's plan, for what is known to be done.
        wholly: read masks to their ends, too; else they are as long as they were written. Of weights the lengths
            are looked at in either case: whoever reads them reads them to their ends.
    """
    plan, damaged = plan_for(store.known), dict[JobKey, DamagedError]()
    while found := dict(_damaged(store, plan, wholly=wholly)):
        damaged.update(found)  # and what is to run once more may need results that nobody needed before
        plan = plan_for(lambda keys: store.known(frozenset(keys).difference(damaged)))
    return plan, tuple(damaged.values())


def _damaged(store: Store, plan: Plan, *, wholly: bool) -> Iterator[tuple[JobKey, DamagedError]]:
    for job in plan.reused:
        if (problem := _damage_of(store, job.key, wholly=wholly)) is not None:
            yield job.key, problem


def _damage_of(store: Store, key: JobKey, *, wholly: bool) -> DamagedError | None:
    """What is wrong with a result; None: nothing, or it is gone, or has just been replaced by a newer version."""
    try:
        artifact = store.artifact(key)
        try:
            artifact.skim()
            if wholly:
                artifact.check(but_for_states=True)
        except DamagedError as problem:
            return problem if store.artifact(key).folder == artifact.folder else None
    except MissingFileError:
        return None
    return None
