"""Questions about stored masks: what they remove, that levels nest, and that the method would choose the same again."""

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction

import numpy as np

from ticketlang.jobs import JobKey

from ..masks import BoolArray, has_collapsed
from ..store import Artifact
from ..tensors import Array, read_tensors
from ..training.seeds import numpy_generator, stream
from .questions import Answer
from .shelf import Shelf, Unknowable, setting

Kept = Mapping[str, BoolArray]

WEIGHTS = {"encoder", "pooler"}  # scopes whose weights go one by one
PLAIN = {"is", "method", "allocation", "scope"}  # what may be said of a pruning whose masks are chosen again here


def counts(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a mask removes what its result says, in all and in every matrix, and what its settings declare."""
    if not _is_mask(artifact):
        return None
    removed = {name: [int(np.count_nonzero(~kept)), kept.size] for name, kept in shelf.mask(artifact.key).items()}
    total = sum(size for _, size in removed.values())
    found = {
        "matrices": removed,
        "removed": sum(gone for gone, _ in removed.values()),
        "total": total,
        "collapsed": [name for name, (gone, size) in removed.items() if has_collapsed(gone, size)],
    }
    wrong = [
        f"says {name} {artifact.result.get(name)}, and its mask has {value}"
        for name, value in found.items()
        if artifact.result.get(name) != value
    ]
    with suppress(Unknowable):  # what a mask says can be counted, although how many were to go cannot be known
        parts = _parts(artifact, shelf, {name: size for name, (_, size) in removed.items()})
        if found["removed"] != (declared := sum(count for _, count in parts)):
            wrong.append(f"was to remove {declared:,} of {total:,} weights, and removes {found['removed']:,}")
    return Answer(len(removed), tuple(wrong))


def nesting(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a mask keeps nothing that the level before it removed."""
    before = setting(artifact, "start")
    if before is None:
        return None
    start, kept = shelf.mask(JobKey(before)), shelf.mask(artifact.key)
    if start.keys() != kept.keys():
        return Answer(1, ("covers other matrices than the level before",))
    back = sum(int(np.count_nonzero(kept[name] & ~start[name])) for name in kept)
    return Answer(1, (f"keeps {back:,} weights that the level before removed",) if back else ())


def selection(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the same weights go when they are chosen once more, by another algorithm, bit for bit."""
    if not _is_mask(artifact):
        return None
    kept = shelf.mask(artifact.key)
    parts = _parts(artifact, shelf, {name: bits.size for name, bits in kept.items()})
    scores = _scores(artifact, shelf, kept)
    before = setting(artifact, "start")
    start = shelf.mask(JobKey(before)) if before is not None else None
    again: dict[str, BoolArray] = {}
    for names, count in parts:
        again |= lowest_removed({name: scores[name] for name in names}, count, start)
    differ = sum(int(np.count_nonzero(kept[name] != again[name])) for name in kept)
    return Answer(1, (f"differs in {differ:,} weights from the mask that its settings give",) if differ else ())


def lowest_removed(scores: Mapping[str, Array], count: int, start: Kept | None) -> dict[str, BoolArray]:
    """Keep all but the `count` lowest scores, none of them negative; of equals the first go.

    Args:
        start: what it removes goes before anything else.
    """
    flat = np.concatenate([score.reshape(-1) for score in scores.values()])
    if start is not None:
        flat[~np.concatenate([start[name].reshape(-1) for name in scores])] = -1
    kept = np.ones(flat.size, dtype=np.bool_)
    if count:
        threshold = np.partition(flat, count - 1)[count - 1]
        kept = flat > threshold
        ties = count - int(np.count_nonzero(flat < threshold))  # so many of those at the threshold go
        kept[np.flatnonzero(flat == threshold)[ties:]] = True
    ends = np.cumsum([score.size for score in scores.values()])[:-1]
    parts = np.split(kept, ends)
    return {name: part.reshape(scores[name].shape) for name, part in zip(scores, parts, strict=True)}


def _is_mask(artifact: Artifact) -> bool:
    return setting(artifact, "kind") in {"prune", "draw-mask", "given-mask"}


def _scores(artifact: Artifact, shelf: Shelf, kept: Kept) -> dict[str, Array]:
    if setting(artifact, "kind") == "draw-mask":
        if set(setting(artifact, "scope")) - WEIGHTS:
            raise Unknowable("whole units were drawn")
        seed = setting(artifact, "seed")
        return {name: _ranks(bits, stream(seed, "mask", name)) for name, bits in kept.items()}
    method, weights = setting(artifact, "pruning", "method"), setting(artifact, "weights")
    if method != "magnitude":
        raise Unknowable(f"pruned by {method}")
    if weights is None:
        tensors = shelf.pretrained(setting(artifact, "model"), tuple(kept))
    else:
        tensors = read_tensors(shelf.weights(JobKey(weights)), kept)
    return {name: np.abs(tensor) for name, tensor in tensors}


def _ranks(bits: BoolArray, draw: int) -> Array:
    return numpy_generator(draw).integers(0, 1 << 31, bits.size, dtype=np.int32).reshape(bits.shape)


def _parts(artifact: Artifact, shelf: Shelf, sizes: Mapping[str, int]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Matrices that are chosen from together, and how many of their weights go.

    Args:
        sizes: weights in each matrix.
    """
    if setting(artifact, "kind") == "given-mask":
        raise Unknowable("the mask was given as a file")
    share = Fraction(setting(artifact, "sparsity"))
    like = setting(artifact, "like")
    if like is not None:
        theirs = shelf.mask(JobKey(like))
        return tuple(((name,), int(np.count_nonzero(~theirs[name]))) for name in sizes)
    if set(setting(artifact, "scope") or setting(artifact, "pruning", "scope") or ()) - WEIGHTS:
        raise Unknowable("whole units were pruned")
    if others := setting(artifact, "kind") == "prune" and setting(artifact, "pruning").keys() - PLAIN:
        raise Unknowable(f"pruned with {', '.join(sorted(others))}")
    match setting(artifact, "pruning", "allocation"):
        case None | "global":
            return ((tuple(sizes), round(share * sum(sizes.values()))),)
        case "per layer":
            return tuple(((name,), round(share * size)) for name, size in sizes.items())
        case other:
            raise Unknowable(f"weights are shared out {other}")
