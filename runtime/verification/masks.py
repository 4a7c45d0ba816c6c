"""Questions about stored masks: what they remove and of what, that levels nest, and that units and patterns hold."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction

import numpy as np

from ticketlang.jobs import JobKey
from ticketlang.units import Sparsity

from ..masks import BoolArray, has_collapsed
from ..matrices import is_of
from ..store import JSON, Artifact
from ..store.certificates import HOLES, HOLES_AT_ENDS, REMOVED
from .questions import Answer, found_by, is_of_an_earlier_release
from .shares import declared, kinds_of, pattern_of, scope_of, shapes_of, share_of
from .shelf import Shelf, Unknowable, setting
from .units import units_in

Kept = Mapping[str, BoolArray]


def counts(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a mask removes what its result and certificate say, in all and in every matrix, and what was declared."""
    if not shelf.is_mask(artifact):
        return None
    kept = shelf.mask(artifact.key)
    removed = {name: [int(np.count_nonzero(~bits)), bits.size] for name, bits in kept.items()}
    gone, total = (sum(numbers[place] for numbers in removed.values()) for place in (0, 1))
    measured = {
        "sparsity": gone / total,
        "collapsed": [name for name, numbers in removed.items() if has_collapsed(*numbers)],
    }
    found: dict[str, JSON] = {"matrices": removed, "removed": gone, "total": total, **measured}
    wrong = [
        *_otherwise("says", artifact.result, found),
        *_otherwise("certifies", artifact.certificate.facts, measured),
        *_recounted(artifact, {REMOVED: gone, HOLES: removed}),
    ]
    if (other := _not_as_declared(artifact, shelf, kept, gone, total)) is not None:
        wrong.append(other)
    return Answer(len(removed), tuple(wrong))


def _otherwise(verb: str, record: Mapping[str, JSON], found: Mapping[str, JSON]) -> Iterator[str]:
    for name, value in found.items():
        if record.get(name) != value:
            yield f"{verb} {name} {_short(record.get(name))}, and its mask has {_short(value)}"


def _recounted(artifact: Artifact, counts: Mapping[str, JSON]) -> Iterator[str]:
    """What is wrong with checks that count, where they were made."""
    for check, count in counts.items():
        if (found := found_by(artifact, check)) not in (None, count):
            yield f"certifies that {check}: {_short(found)}, and it is {_short(count)}"


def _short(value: JSON, most: int = 60) -> str:
    """A value that may be a table of all matrices."""
    text = str(value)
    return text if len(text) <= most else f"{text[:most]}..."


def measured(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a run under a mask certifies the sparsity that this mask has, in all and in every matrix."""
    key = setting(artifact, "mask")
    if key is None:
        return None
    removed = {name: [int(np.count_nonzero(~bits)), bits.size] for name, bits in shelf.mask(JobKey(key)).items()}
    gone, total = (sum(numbers[place] for numbers in removed.values()) for place in (0, 1))
    facts: dict[str, JSON] = {
        "sparsity": gone / total,
        "collapsed": [name for name, numbers in removed.items() if has_collapsed(*numbers)],
        "scope": list(removed),
    }
    certified = artifact.certificate.facts
    there = {name: fact for name, fact in facts.items() if name in certified or not is_of_an_earlier_release(artifact)}
    wrong = (*_otherwise("certifies", certified, there), *_recounted(artifact, {HOLES: removed, HOLES_AT_ENDS: gone}))
    return Answer(int(bool(there)), wrong, int(len(there) < len(facts)))


def _not_as_declared(artifact: Artifact, shelf: Shelf, kept: Kept, gone: int, total: int) -> str | None:
    """What is wrong with how much goes. What cannot be known for want of the model is told by another question."""
    if setting(artifact, "kind") == "given-mask":  # declared to a hundredth of a percent, as people can write it
        found, wanted = str(Sparsity(Fraction(gone, total))), str(Sparsity(share_of(artifact)))
        return None if found == wanted else f"was to remove {wanted} of the scope, and removes {found}"
    with suppress(Unknowable):
        count = declared(artifact, shelf, shapes_of(kept))
        if count is not None and count != gone:
            return f"was to remove {count:,} of {total:,} weights, and removes {gone:,}"
    return None


def scopes(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a mask covers every matrix of its scope, in the shape it has, and nothing else."""
    if not shelf.is_mask(artifact):
        return None
    shapes = shapes_of(shelf.mask(artifact.key))
    like = setting(artifact, "like") or next(iter(setting(artifact, "masks") or ()), None)
    if like is not None:
        wanted = shapes_of(shelf.mask(JobKey(like)))
        others = "those of the mask that it was made from"
    else:
        known = shelf.shapes(setting(artifact, "model"))
        wanted = {name: shape for name, shape in known.items() if is_of(name, scope_of(artifact))}
        others = f"those of {' + '.join(scope_of(artifact))}"
    if shapes == wanted:
        return Answer(1)
    name = next(name for name in (*wanted, *shapes) if wanted.get(name) != shapes.get(name))
    return Answer(1, (f"covers other matrices than {others}: see `{name}`",))


def shapes(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether whole units go, and as many of each few neighbours as the pattern says."""
    pattern = pattern_of(artifact)
    kinds = kinds_of(artifact)
    if not shelf.is_mask(artifact) or not (pattern or kinds):
        return None
    kept = shelf.mask(artifact.key)
    if kinds:
        units = units_in(kept, kinds)
        broken = [each.name for each in units if not each.whole(kept)]
        return Answer(len(units), tuple(f"cuts through units of `{name}`" for name in broken))
    left, of = pattern or (0, 1)
    uneven = [
        name for name, bits in kept.items() if bits.shape[-1] % of or (bits.reshape(-1, of).sum(axis=1) != left).any()
    ]
    return Answer(len(kept), tuple(f"does not keep {left} of every {of} weights in `{name}`" for name in uneven))


def nesting(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a mask keeps nothing that the level before it removed, and comes after as many prunings as it says."""
    if setting(artifact, "kind") != "prune":
        return None
    done, before = artifact.certificate.facts.get("prunings"), setting(artifact, "start")
    number = _prunings(artifact, shelf)
    wrong = () if done == number else (f"certifies {done} prunings, and is the result of {number}",)
    if before is None:
        return Answer(1, wrong)
    start, kept = shelf.mask(JobKey(before)), shelf.mask(artifact.key)
    if start.keys() != kept.keys():
        return Answer(1, (*wrong, "covers other matrices than the level before"))
    back = sum(int(np.count_nonzero(kept[name] & ~start[name])) for name in kept)
    return Answer(1, (*wrong, f"keeps {back:,} weights that the level before removed") if back else wrong)


def _prunings(artifact: Artifact, shelf: Shelf) -> int:
    """How many prunings led to a mask, itself included: a path is as long as its results are linked."""
    number = 0
    while setting(artifact, "kind") == "prune":
        number += 1
        before = setting(artifact, "start")
        if before is None:
            break
        artifact = shelf.find(JobKey(before))
    return number
