"""Whether the same mask would be chosen again: of every method whose scores follow from what is stored."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import numpy as np

from ticketlang.jobs import JobKey

from ..masks import BoolArray
from ..store import Artifact
from ..tensors import Array, read_tensors
from . import scores
from .questions import Answer
from .shares import Part, kinds_of, parts_of, pattern_of, shapes_of, unit_parts_of
from .shelf import Shelf, Unknowable, setting
from .units import Units, count_of, units_in

Kept = Mapping[str, BoolArray]

# Flows and norms are sums of many numbers, whose last bits depend on the order they are added up in: what is chosen
# last may change places with its neighbour, if both have the same score to so many digits. Of all other methods scores
# are the same to the bit.
SAME_SCORE = 1e-5


def selection(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the same weights go when they are chosen once more, by another algorithm."""
    if not shelf.is_mask(artifact):
        return None
    kept = shelf.mask(artifact.key)
    if setting(artifact, "gradually") is not None:
        raise Unknowable("weights in the middle of a training are not kept")
    match setting(artifact, "kind"):
        case "combine-masks":
            again = _combined(artifact, shelf)
        case "given-mask":
            again = _completed(artifact, shelf, kept)
        case _ if setting(artifact, "pruning", "iterations"):
            again = _step_by_step(artifact, shelf, kept)
        case _:
            again = _chosen(artifact, shelf, kept)
    if again.keys() - kept.keys():
        return Answer(1, ("covers other matrices than its settings name",))
    differ = sum(int(np.count_nonzero(kept[name] != bits)) for name, bits in again.items())
    return Answer(1, (f"differs in {differ:,} weights from the mask that its settings give",) if differ else ())


def lowest_removed(scored: Mapping[str, Array], count: int, start: Kept | None) -> dict[str, BoolArray]:
    """Keep all but the `count` lowest scores; of equals the first go.

    Args:
        start: what it removes goes before anything else.
    """
    flat = np.concatenate([score.reshape(-1) for score in scored.values()])
    if start is not None:
        gone = ~np.concatenate([start[name].reshape(-1) for name in scored])
        flat = np.where(gone, -np.inf if flat.dtype.kind == "f" else np.iinfo(flat.dtype).min, flat)
    kept = np.ones(flat.size, dtype=np.bool_)
    if count:
        threshold = np.partition(flat, count - 1)[count - 1]
        kept = flat > threshold
        ties = count - int(np.count_nonzero(flat < threshold))  # so many of those at the threshold go
        kept[np.flatnonzero(flat == threshold)[ties:]] = True
    ends = np.cumsum([score.size for score in scored.values()])[:-1]
    parts = np.split(kept, ends)
    return {name: part.reshape(scored[name].shape) for name, part in zip(scored, parts, strict=True)}


def highest_of_neighbours(score: Array, kept: int, of: int, start: BoolArray | None) -> BoolArray:
    """Keep so many of each few neighbours in a row: a weight goes where enough others are above it, or after it."""
    groups = score.reshape(-1, of).astype(np.float64)
    if start is not None:
        groups = np.where(start.reshape(-1, of), groups, -np.inf)
    places = np.arange(of)
    above = groups[:, None, :] > groups[:, :, None]  # (groups, a weight, the others)
    later = (groups[:, None, :] == groups[:, :, None]) & (places[None, None, :] > places[None, :, None])
    is_kept: BoolArray = (above | later).sum(axis=2) < kept
    return is_kept.reshape(score.shape)


def _combined(artifact: Artifact, shelf: Shelf) -> Mapping[str, BoolArray]:
    masks = [shelf.mask(JobKey(key)) for key in setting(artifact, "masks")]
    if any(mask.keys() != masks[0].keys() for mask in masks):
        raise Unknowable("the masks that it was made of cover different matrices")
    match setting(artifact, "operation"):
        case "inverted":
            return {name: ~bits for name, bits in masks[0].items()}
        case "union":
            return {name: np.logical_or.reduce([mask[name] for mask in masks]) for name in masks[0]}
    return {name: np.logical_and.reduce([mask[name] for mask in masks]) for name in masks[0]}


def _completed(artifact: Artifact, shelf: Shelf, kept: Kept) -> Mapping[str, BoolArray]:
    """What of a given mask did not come out of its file: matrices that the file lacks."""
    lacking = [name for name in artifact.certificate.facts["lacking"] if name in kept]
    if not lacking:
        raise Unknowable("the mask came as a file, which is not in the store")
    if setting(artifact, "missing") == "dense":
        return {name: np.ones_like(kept[name]) for name in lacking}
    weights = dict(shelf.pretrained(setting(artifact, "model"), lacking))
    total = sum(bits.size for bits in kept.values())
    elsewhere = sum(int(np.count_nonzero(~bits)) for name, bits in kept.items() if name not in lacking)
    count = round(Fraction(setting(artifact, "sparsity")) * total) - elsewhere
    return lowest_removed({name: np.abs(weight) for name, weight in weights.items()}, count, None)


def _chosen(artifact: Artifact, shelf: Shelf, kept: Kept) -> Mapping[str, BoolArray]:
    """All at once, from what the level before left."""
    start = _start(artifact, shelf)
    if kinds := kinds_of(artifact):
        return _chosen_units(artifact, shelf, kept, kinds, start)
    scored = _scores(artifact, shelf, kept, start)
    if pattern := pattern_of(artifact):
        left, of = pattern
        before = start or {}
        return {name: highest_of_neighbours(scored[name], left, of, before.get(name)) for name in kept}
    return _parts_chosen(parts_of(artifact, shelf, shapes_of(kept)), scored, start, kept, is_summed=False)


def _chosen_units(
    artifact: Artifact, shelf: Shelf, kept: Kept, kinds: tuple[str, ...], start: Kept | None
) -> Mapping[str, BoolArray]:
    """Heads and neurons, each kind among its own."""
    shapes = shapes_of(kept)
    units = units_in(kept, kinds)
    counts = {each.name: count_of(each, shapes, lambda: shelf.heads(setting(artifact, "model"))) for each in units}
    scored = _unit_scores(artifact, shelf, kept, units, counts, start)
    before = None if start is None else {each.name: each.kept(start, counts[each.name]) for each in units}
    now = {each.name: each.kept(kept, counts[each.name]) for each in units}
    parts = unit_parts_of(artifact, shelf, units, counts)
    again = _parts_chosen(parts, scored, before, now, is_summed=_method(artifact) != "random")
    return {name: bits for each in units for name, bits in each.spread(again[each.name], shapes).items()}


def _parts_chosen(
    parts: Iterable[Part], scored: Mapping[str, Array], start: Kept | None, kept: Kept, *, is_summed: bool
) -> dict[str, BoolArray]:
    """What rounding took of a small matrix on the way, ahead of its share, does not come back."""
    chosen: dict[str, BoolArray] = {}
    for part in parts:
        gone = 0 if start is None else sum(int(np.count_nonzero(~start[name])) for name in part.names)
        again = lowest_removed({name: scored[name] for name in part.names}, max(part.count, gone), start)
        if is_summed and (close := _as_close(again, kept, scored)):
            raise Unknowable(f"{close:,} of its weights have scores that differ in digits which depend on the machine")
        chosen |= again
    return chosen


def _as_close(again: Kept, kept: Kept, scored: Mapping[str, Array]) -> int:
    """How many are chosen otherwise, where all of these have one score but for its last digits; else none.

    Nothing is close to zero: where scores are zero they are so to the bit, and of these the first go.
    """
    apart = np.concatenate([scored[name][bits != kept[name]].reshape(-1) for name, bits in again.items()])
    as_many = sum(int(np.count_nonzero(bits)) - int(np.count_nonzero(kept[name])) for name, bits in again.items()) == 0
    if not as_many or not apart.size or not apart.all():
        return 0
    return apart.size if float(np.ptp(apart)) <= SAME_SCORE * float(np.abs(apart).max()) else 0


def _step_by_step(artifact: Artifact, shelf: Shelf, kept: Kept) -> Mapping[str, BoolArray]:
    """Scored anew at each of several sparsities; what is left falls by the same factor each time."""
    start = _start(artifact, shelf)
    weights = _all_prunable(artifact, shelf)
    mask, shapes = start, shapes_of(kept)
    for level in _approach(artifact, kept, start):
        found = scores.synflow(scores.under(mask, weights))
        is_last = level == Fraction(setting(artifact, "sparsity"))
        chosen = _parts_chosen(parts_of(artifact, shelf, shapes, level), found, mask, kept, is_summed=is_last)
        mask = {name: chosen[name] for name in kept}
    assert mask is not None, "there is a last sparsity"
    return mask


def _approach(artifact: Artifact, kept: Kept, start: Kept | None) -> Iterator[Fraction]:
    """The sparsities on the way (Tanaka et al. 2020, algorithm 1), the declared one at its end."""
    total = sum(bits.size for bits in kept.values())
    left = Fraction(sum(int(np.count_nonzero(bits)) for bits in start.values()), total) if start else Fraction(1)
    sparsity, iterations = Fraction(setting(artifact, "sparsity")), setting(artifact, "pruning", "iterations")
    for iteration in range(1, iterations if left else 1):
        yield 1 - left * Fraction(float((1 - sparsity) / left) ** (iteration / iterations))
    yield sparsity


def _scores(artifact: Artifact, shelf: Shelf, kept: Kept, start: Kept | None) -> Mapping[str, Array]:
    """Of every weight of the scope."""
    match _method(artifact):
        case "random":
            seed = _seed(artifact)
            return {name: scores.ranks(seed, name, bits.shape) for name, bits in kept.items()}
        case "magnitude":
            return {name: np.abs(weight) for name, weight in shelf.matrices(artifact, kept)}
        case "lamp":
            weights = scores.under(start, dict(shelf.matrices(artifact, kept)))
            return {name: scores.lamp(weight) for name, weight in weights.items()}
        case "movement":
            pulled = read_tensors(shelf.movement(JobKey(setting(artifact, "weights"))), kept)
            return {name: -product for name, product in pulled}
        case "snip":
            raise Unknowable("gradients are not kept")
        case other:
            raise Unknowable(f"pruned by {other}")


def _unit_scores(
    artifact: Artifact,
    shelf: Shelf,
    kept: Kept,
    units: tuple[Units, ...],
    counts: Mapping[str, int],
    start: Kept | None,
) -> Mapping[str, Array]:
    match _method(artifact):
        case "random":
            seed = _seed(artifact)
            return {each.name: scores.ranks(seed, each.name, (counts[each.name],)) for each in units}
        case "magnitude":
            weights = scores.under(start, dict(shelf.matrices(artifact, kept)))
            return {each.name: each.norms(weights, counts[each.name]) for each in units}
        case "snip":
            raise Unknowable("gradients are not kept")
        case other:
            raise Unknowable(f"units are pruned by {other}")


def _all_prunable(artifact: Artifact, shelf: Shelf) -> dict[str, Array]:
    """Every matrix that any scope names: paths lead through all of them."""
    return dict(shelf.matrices(artifact, shelf.shapes(setting(artifact, "model"))))


def _method(artifact: Artifact) -> str:
    if setting(artifact, "kind") == "draw-mask":
        return "random"
    return str(setting(artifact, "pruning", "method"))


def _seed(artifact: Artifact) -> int:
    return int(setting(artifact, "seed") or 0)


def _start(artifact: Artifact, shelf: Shelf) -> Kept | None:
    before = setting(artifact, "start")
    return None if before is None else shelf.mask(JobKey(before))
