"""Questions about lines between two trainings: that their ends are these trainings, and that their numbers follow."""

from collections.abc import Iterator
from math import isclose, sqrt

import numpy as np

from ticketlang.jobs import JobKey

from ..matrices import is_of
from ..store import Artifact
from ..store.certificates import TRAINED_ENDS
from ..tensors import Array, digest_of, names_in, read_tensors
from .questions import Answer, found_by, is_of_an_earlier_release
from .shelf import Shelf, setting

SAME_SCORE = 0.01  # a point: another device may answer a few examples otherwise
SAME_SUM = 1e-9  # of sums of millions of squares, added up in another order


def lines(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a line has the scores of its ends, and the barrier that its scores have."""
    if setting(artifact, "kind") != "interpolate":
        return None
    result = artifact.result
    scores, points = result["line"], setting(artifact, "points")
    wrong = list(_ends(artifact, shelf, scores))
    if result["shares"] != [step / (points - 1) for step in range(points)] or len(scores) != points:
        wrong.append(f"has {len(scores)} scores, and not one at each of {points} even shares")
    barrier = (scores[0] + scores[-1]) / 2 - min(scores)
    if not isclose(result["barrier"], barrier, abs_tol=SAME_SUM):
        wrong.append(f"says that its barrier is {result['barrier']}, and its scores have {barrier}")
    return Answer(len(scores), tuple(wrong))


def _ends(artifact: Artifact, shelf: Shelf, scores: list[float]) -> Iterator[str]:
    """A training that was scored where it was best is not the one at the end of the line."""
    if setting(artifact, "task", "best_on") is not None:
        return
    metric = setting(artifact, "task", "metrics")[0]
    for which, score in (("one", scores[0]), ("other", scores[-1])):
        stored = shelf.find(JobKey(setting(artifact, which))).result["scores"][metric]
        if not isclose(stored, score, abs_tol=SAME_SCORE):
            yield f"says that an end scores {score}, and its training scores {stored}"


def distances(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the weights at both ends are as far apart, and have as many signs in common, as is said."""
    if setting(artifact, "kind") != "interpolate":
        return None
    one, other = (shelf.weights(JobKey(setting(artifact, end))) for end in ("one", "other"))
    names = names_in(one)
    squares, same, both = 0.0, 0, 0
    for (name, here), (_, there) in zip(read_tensors(one, names), read_tensors(other, names), strict=True):
        squares += float(np.square(here.astype(np.float64) - there.astype(np.float64)).sum())
        if is_of(name, ("encoder",)):
            agree, alive = _signs(here, there)
            same, both = same + agree, both + alive
    wrong = []
    said = found_by(artifact, TRAINED_ENDS)
    trained = [digest_of(read_tensors(path, names_in(path))) for path in (one, other)]
    is_let_off = said is None and is_of_an_earlier_release(artifact)
    if said != trained and not is_let_off:
        wrong.append("went between other weights than its trainings left")
    if not isclose(artifact.result["distance"], sqrt(squares), rel_tol=SAME_SUM):
        wrong.append(f"says that its ends are {artifact.result['distance']} apart, and they are {sqrt(squares)}")
    if (signs := artifact.result["signs"]["between"]) != [same, both]:
        wrong.append(f"says that {signs[0]:,} of {signs[1]:,} signs are the same, and {same:,} of {both:,} are")
    return Answer(1, tuple(wrong), int(is_let_off))


def _signs(here: Array, there: Array) -> tuple[int, int]:
    alive = (here != 0) & (there != 0)
    return int(np.count_nonzero(alive & ((here > 0) == (there > 0)))), int(np.count_nonzero(alive))
