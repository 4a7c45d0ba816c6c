"""What `verify` asks of a store beside its results: its records of failures and of runs, and what is kept to be quick.

Nothing here decides a number. A damaged cache is made anew when somebody reads it, and the rest by the next run.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import evolve

from ticketlang.jobs import JobKey

from ..digests import seal_of as seal_of_text
from ..store import MissingFileError, Store, records
from ..store.checkpoints import Checkpoints
from ..store.layout import key_and_number
from ..tasks.blocks import SEAL as BLOCKS_SEAL
from ..tasks.blocks import are_whole
from ..tensors import SEAL, map_tensors, seal_of
from ..verification import Finding, Looking, Verified, verify

CACHE = "it can be deleted, and is made again when it is needed"


def verify_all(store: Store, looking: Looking, *, sets_aside: bool) -> tuple[Verified, tuple[JobKey, ...]]:
    """Recompute everything that can be recomputed of a store.

    Args:
        sets_aside: take damaged results out of the way, so that the next run makes them anew.

    Returns what was found, and the keys of the results that were set aside.
    """
    verified = verify(store, looking=looking)
    verified = evolve(verified, findings=(*verified.findings, *findings(store)))
    if not sets_aside:
        return verified, ()
    for folder in verified.damaged.values():  # and no newer version, which a run may have made meanwhile
        store.set_aside(folder)
    return verified, tuple(verified.damaged)


def findings(store: Store) -> Iterator[Finding]:
    """Everything that is not as it was written, and whatever lies where only results should."""
    for name in sorted(store.disk.names(store.layout.artifacts)):
        if key_and_number(name) is None or not _is_key(name.partition(".")[0]):
            yield Finding("the store", f"holds `{name}` among its results, which is none")
    for sentence in (*store.failures.problems(), *Checkpoints(store.layout, store.disk).problems()):
        yield Finding("the store", sentence)
    for name in sorted(store.disk.names(store.layout.studies)):
        try:
            records.read_text(store.disk.read(store.layout.studies / name))
        except MissingFileError:  # a newer one has taken its place
            continue
        except records.BadRecordError as problem:
            yield Finding("the store", f"what studies/{name} keeps of the last run is damaged: {problem}")
    yield from _of_cache(store)


def _is_key(name: str) -> bool:
    return len(name) == 40 and all(digit in "0123456789abcdef" for digit in name)


def _of_cache(store: Store) -> Iterator[Finding]:
    cache = store.layout.cache
    kinds: tuple[tuple[Path, Callable[[Path], bool]], ...] = (
        (cache / "digests.json", _are_digests),
        *((path, _are_examples) for path in _files(store, cache / "examples")),
        *((path, _are_blocks) for path in _files(store, cache / "blocks")),
    )
    for path, is_sound in kinds:
        try:
            if not is_sound(path):
                yield Finding("the cache", f"holds {path.relative_to(cache)}, which is damaged; {CACHE}")
        except FileNotFoundError:  # there is none, or it has just been replaced
            continue
        except OSError as problem:
            yield Finding("the cache", f"holds {path.relative_to(cache)}, which cannot be read: {problem.strerror}")


def _files(store: Store, folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(folder / name for name in sorted(store.disk.names(folder)))
    except MissingFileError:
        return ()


def _are_digests(path: Path) -> bool:
    seal, _, text = path.read_bytes().decode(errors="replace").partition("\n")
    return seal == seal_of_text(text)


def _are_examples(path: Path) -> bool:
    try:
        tensors, metadata = map_tensors(path)
        return metadata.get(SEAL) == seal_of(path.name, tensors)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _are_blocks(path: Path) -> bool:
    if path.suffix == BLOCKS_SEAL:
        return path.with_suffix("").exists()
    return are_whole(path)
