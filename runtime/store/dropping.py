"""Taking things out of a store: whole results, and the weights that trainings left."""

from contextlib import suppress
from secrets import token_hex

from ticketlang.jobs import JobKey

from .disk import StoreError
from .store import PublishedElsewhere, Store


def drop_states(store: Store, key: JobKey) -> bool:
    """Keep all of a result but the weights that its training left. False: it has none, or somebody is at it.

    What is left is published as a newer version, so that a reader finds the older one whole, or the newer.

    Raises:
        MissingFileError: there is no such result.
        DamagedError: it is not as it was written.
    """
    artifact = store.artifact(key)
    if not artifact.states or (claim := store.claims.take(key)) is None:
        return False
    staged = None
    try:
        if store.claims.is_read(key):
            return False
        artifact.check(but_for_states=True)
        staged = store.stage(key)
        for name in set(artifact.files) - artifact.states:
            store.disk.write_pieces(staged / name, store.disk.pieces(artifact.path(name)))
        for name, content in artifact.without_states().items():
            store.disk.write_new(staged / name, content)
        store.disk.flush(staged)
        store.put(key, staged)
    except PublishedElsewhere:
        return False
    finally:
        if staged is not None:
            with suppress(StoreError):  # what is left behind is swept up by the next run
                store.drop(staged)
        store.claims.release(claim)
    return True


def discard(store: Store, key: JobKey) -> bool:
    """Drop a result, whole. False: there is none, or somebody is at it."""
    if (claim := store.claims.take(key)) is None:
        return False
    try:
        if store.claims.is_read(key):
            return False
        there = store.versions(key)
        for name in there:
            gone = store.layout.staged(key, token_hex(8))
            store.disk.rename(store.layout.artifacts / name, gone)  # at once, so that nobody finds half of it
            store.disk.remove(gone)
        store.failures.forget(key)
    finally:
        store.claims.release(claim)
    return bool(there)
