"""Why a job is to run: what of it is not in the store, and what the store has that is nearest to it.

Pure functions of a plan and of the settings of stored jobs, as `jobs.settings` wrote them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from attrs import frozen

from .differences import Difference
from .jobs import JobKey, inputs_of, settings
from .phrasing import number_text
from .plan import Plan, PlannedJob

PARTED = re.compile(r"[/@ ]|(?<=[a-z_])\.(?=[a-z_])")  # what stands between the parts of a name
SLIP = 0.6  # how alike two parts are, at least, of which one may be meant by the other
ALIKE = 0.6  # the same of two names
HIDDEN = frozenset({"is", "scheme", "kind"})
INPUTS = {"mask": "the mask", "weights": "the weights", "head": "the head", "start": "the mask of the level before"}


@frozen
class Stored:
    """What the store remembers of a job: who asked for it, its settings, and how long it took."""

    key: JobKey
    labels: tuple[str, ...]
    settings: Mapping[str, Any]
    seconds: float | None = None  # how long it took, on whatever machine that was


@frozen
class Cause:
    """The first job of a chain that is to run, and what it differs in from the nearest one in the store."""

    chain: tuple[PlannedJob, ...]  # from the job that was asked about to the one that everything waits for
    nearest: Stored | None  # None: there is nothing like it
    differences: tuple[Difference, ...] = ()
    reached: int = 0  # jobs that wait for the last one of the chain, through whatever stands between


def cause_of(plan: Plan, key: JobKey, stored: Sequence[Stored]) -> Cause | None:
    """Why a job is to run; None: it is not, since the store has it."""
    job = plan.jobs[key]
    if job.is_reused:
        return None
    chain = tuple(_chain(plan, job))
    last = chain[-1]
    alike = [known for known in stored if known.settings.get("kind") == last.job.kind and known.key != last.key]
    named = [known for known in alike if set(known.labels) & set(last.labels)]
    ours = settings(last.job)
    candidates = [(_together(_differences(known.settings, ours)), known) for known in named or alike]
    reached = sum(1 for _ in _waiting_for(plan, last.key))
    if not candidates:
        return Cause(chain, None, reached=reached)
    differences, nearest = min(candidates, key=lambda candidate: len(candidate[0]))
    return Cause(chain, nearest, differences, reached)


def _chain(plan: Plan, job: PlannedJob) -> Iterator[PlannedJob]:
    """A job, the first of its inputs that is to run, the first of that one's, and so on."""
    while True:
        yield job
        waits = [plan.jobs[key] for key in inputs_of(job.job) if key in plan.jobs and not plan.jobs[key].is_reused]
        if not waits:
            return
        job = waits[0]


def _waiting_for(plan: Plan, key: JobKey) -> Iterator[JobKey]:
    """Jobs that are to run and need a job, or one that needs it, and so on."""
    found = {key}
    for job in plan.to_run:  # each comes after its inputs
        if found.intersection(inputs_of(job.job)):
            found.add(job.key)
            yield job.key


def _together(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Fields of one place that differ alike are one difference, as a new seed is that of the head and of the order."""
    fields: dict[tuple[str, str | None, str | None], list[str]] = {}
    for one in differences:
        fields.setdefault((one.place, one.before, one.after), []).append(one.field)
    return tuple(Difference(place, ", ".join(its), old, new) for (place, old, new), its in fields.items())


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    ours, theirs = dict(_leaves(before)), dict(_leaves(after))
    for path in dict.fromkeys((*ours, *theirs)):
        if ours.get(path) != theirs.get(path):
            place, _, field = path.rpartition(" ")
            yield Difference(place, field, ours.get(path), theirs.get(path))


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Settings as words: `task recipe rate` -> `2e-5`."""
    if isinstance(value, Mapping) and value.get("is") == "Duration":
        amount, unit = Fraction(value["amount"]), value["unit"]
        yield (
            " ".join(path),
            f"{number_text(amount * 100)}% of training" if unit == "training" else f"{number_text(amount)} {unit}",
        )
    elif isinstance(value, Mapping):
        kind = value.get("is")
        if path and kind in {"Pretrained", "Reached", "RandomWeights", "Shuffled", "PartlyRewound", "PretrainedHead"}:
            yield " ".join(path), str(kind)
        for name, inner in value.items():
            if name not in HIDDEN:
                yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        yield " ".join(path), ", ".join(map(_text, value)) or "nothing"
    elif value is not None:
        yield " ".join(path), _text(value)


def _text(value: Any) -> str:
    text = str(value)
    if isinstance(value, str) and "/" in text and text.replace("/", "", 1).removeprefix("-").isdigit():
        return number_text(Fraction(text))
    is_key = len(text) == 40 and not text.strip("0123456789abcdef")
    return f"{text[:10]}…" if is_key else text


def nearest_cells(plan: Plan, name: str, most: int = 4) -> tuple[str, ...]:
    """Names that somebody may mean by one that nothing has: those that hold it, or that look most like it.

    Names are compared part by part, since a level or a seed that is another makes a name look hardly different, and a
    task that is another makes it look very different.
    """
    from difflib import get_close_matches

    names = tuple(plan.names)
    if held := sorted((found for found in names if name in found), key=lambda found: not found.startswith(name)):
        return tuple(held[:most])
    wanted = _parts(name)
    scores = {found: _likeness(wanted, _parts(found)) for found in names}
    best = sorted((found for found in names if scores[found] >= ALIKE), key=lambda found: -scores[found])
    return tuple(best[:most]) or tuple(get_close_matches(name, names, most, 0.5))


def _parts(name: str) -> tuple[str, ...]:
    """`imp/mlm@80%/seed=1` is `imp`, `mlm`, `80%`, `seed=1`: what stands between the signs of a name."""
    return tuple(filter(None, PARTED.split(name.lower())))


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """From 0, nothing in common, to 1: how many parts are the same or a slip of each other, in any order."""
    left = list(other)
    alike = 0.0
    for part in one:
        best = max(left, key=lambda theirs: _ratio(part, theirs), default="")
        if _ratio(part, best) > SLIP:
            alike += _ratio(part, best)
            left.remove(best)
    return 2 * alike / (len(one) + len(other) or 1)


@cache
def _ratio(one: str, other: str) -> float:
    """How alike two parts are; of a study's ten thousand names the parts are few."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one, other).ratio()


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
