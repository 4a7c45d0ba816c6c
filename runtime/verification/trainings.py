"""Questions about how a training went: its steps and rates, by its recipe, and what its certificate says of it."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction

from attrs import frozen

from ticketlang.jobs import JobKey
from ticketlang.units import Duration

from ..store import JSON, Artifact
from ..store.certificates import HELD, LAST_RATE, RATES, SEEDS_DRAWN, STEPS
from ..tensors import digest_of_numbers
from .questions import Answer, found_by, is_of_an_earlier_release
from .shelf import Shelf, Unknowable, setting

TRAININGS = {"fine-tune", "rewind-point"}
LOWEST = {"matthews": -1.0, "pearson": -1.0, "spearman": -1.0}  # of the metrics that may be below zero
ROUNDING = 1e-9


@frozen
class Course:
    """What the settings say of a training over so many examples."""

    begins: int
    ends: int
    steps: int  # of the whole schedule
    rates: tuple[float, ...]


def rates(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a training took the steps of its recipe, each at the rate of its schedule."""
    if setting(artifact, "kind") not in TRAININGS:
        return None
    facts = artifact.certificate.facts
    course = course_of(artifact.settings, int(facts["trained on"]["examples"]))
    found = {
        "first": course.rates[0] if course.rates else None,
        "last": course.rates[-1] if course.rates else None,
        "trace": digest_of_numbers(course.rates),
    }
    wrong = list(_apart("learning rate", found, facts["learning rate"]))
    said = {"steps": [course.begins, course.ends], "steps of the whole schedule": course.steps}
    wrong += [sentence for name, value in said.items() for sentence in _differs(name, value, facts.get(name))]
    taken = course.ends - course.begins
    wrong += _differs("number of steps", taken, artifact.result.get("steps"))
    for check, value in ((STEPS, taken), (HELD, taken), (RATES, found["trace"]), (LAST_RATE, found["last"])):
        if (made := found_by(artifact, check)) is not None:
            wrong += _differs(f"finding on whether {check}", value, made)
    return Answer(taken, tuple(wrong))


def course_of(said: Mapping[str, JSON], examples: int) -> Course:
    """A schedule by a formula of its own: up to the peak in the warm-up, and down to zero over all rounds.

    Args:
        said: the settings of a training.
        examples: of its first task.
    """
    recipe = said["task"]["recipe"]
    if recipe["schedule"] != "linear":
        raise Unknowable(f"no schedule is called {recipe['schedule']}")
    tasks = 1 + len(said.get("joined") or ())
    per_epoch = tasks * -(-examples // int(recipe["batch"]))
    whole = _duration(recipe["train"]).steps(per_epoch)
    warmup = _duration(recipe["warmup"]).steps(per_epoch, whole)
    begins, until = said.get("begins"), said.get("until")
    first = 0 if begins is None else _duration(begins).steps(per_epoch, whole)
    last = whole if until is None else _duration(until).steps(per_epoch, whole)
    peak, far = Fraction(recipe["rate"]), whole * int(recipe.get("rounds", 1))

    def rate(step: int) -> float:
        return float(peak * step / warmup if step < warmup else peak * (far - step) / max(far - warmup, 1))

    return Course(first, last, whole, tuple(rate(step) for step in range(first, last)))


def _duration(said: Mapping[str, JSON]) -> Duration:
    return Duration(Fraction(said["amount"]), said["unit"])


def _apart(name: str, wanted: Mapping[str, JSON], found: Mapping[str, JSON]) -> Iterator[str]:
    for part, value in wanted.items():
        yield from _differs(f"{name}, {part}", value, found.get(part))


def _differs(name: str, wanted: JSON, found: JSON) -> tuple[str, ...]:
    return () if wanted == found else (f"certifies {found} as its {name}, and its settings give {wanted}",)


def facts(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a certificate says of seeds, heads, data and scores what the settings say."""
    wanted = dict(_declared(artifact, shelf))
    if not wanted:
        return None
    found = artifact.certificate.facts
    there = {name for name in wanted if name in found or not is_of_an_earlier_release(artifact)}
    wrong = [sentence for name in wanted if name in there for sentence in _differs(name, wanted[name], found.get(name))]
    wrong += _drawn_otherwise(artifact)
    return Answer(len(there), tuple(wrong), len(wanted) - len(there))


def declared_seeds(said: Mapping[str, JSON]) -> dict[str, JSON]:
    """The seed that a job has for each role of random numbers; None, or no entry: none, so nothing may be drawn for it.

    Args:
        said: the settings of the job.
    """
    training = said.get("training") or said  # where a pruning looks at gradients, those of a training
    seeds, weights = training.get("seeds") or {}, training.get("weights")
    return {
        **seeds,
        "question": seeds.get("masking", seeds.get("order")),  # words are masked as the order has it, unless it is said
        "mask": said.get("seed"),
        "weights": weights.get("seed") if isinstance(weights, Mapping) else None,
    }


def _drawn_otherwise(artifact: Artifact) -> Iterator[str]:
    """Seeds that a run drew from and its settings do not give it, by the role they played."""
    given = declared_seeds(artifact.settings)
    for role, drawn in (artifact.certificate.facts.get(SEEDS_DRAWN) or {}).items():
        declared = given.get(role)
        if drawn != [declared]:
            yield f"certifies that it drew from the seeds {drawn} for its {role}, and its settings give {declared}"


def _declared(artifact: Artifact, shelf: Shelf) -> Iterator[tuple[str, JSON]]:
    kind = setting(artifact, "kind")
    if setting(artifact, "seed") is not None:
        yield "seed", setting(artifact, "seed")
    if kind in {"fine-tune", "rewind-point", "interpolate"}:
        seeds = {name: seed for name, seed in setting(artifact, "seeds").items() if name != "is"}
        drawn = setting(artifact, "weights", "seed")
        yield "seeds", seeds | ({"weights": drawn} if drawn is not None and kind == "fine-tune" else {})
        yield "precision", setting(artifact, "precision")
        yield "data", setting(artifact, "data")
    if kind in TRAININGS:
        yield "head", _head(artifact, shelf)
    if kind in {"fine-tune", "interpolate"}:
        yield "metric", setting(artifact, "task", "metrics")[0]
        yield "scored", _moment(artifact)


def _moment(artifact: Artifact) -> str:
    """On what a network was scored, and when."""
    task = setting(artifact, "task")
    held_out, best = task.get("held_out"), task.get("best_on")
    where = (
        task["score_split"] if held_out is None else f"{float(Fraction(held_out) * 100):g}% of {task['train_split']}"
    )
    if setting(artifact, "kind") == "interpolate":
        return f"on {where}, the ends as they were after the last step"
    return f"on {where}, {'after the last step' if best is None else f'where it was best on {best}'}"


def _head(artifact: Artifact, shelf: Shelf) -> str:
    """Where a head comes from, in the words of the language."""
    head = setting(artifact, "head")
    if isinstance(head, str):
        return "rewound" if setting(shelf.find(JobKey(head)), "kind") == "rewind-point" else "carried"
    return "pretrained" if head is not None else setting(artifact, "task").get("head", "fresh")


def scores(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether a result has a score by each metric of its task, the deciding one named, and each one possible."""
    if setting(artifact, "kind") != "fine-tune":
        return None
    found, metrics = artifact.result["scores"], setting(artifact, "task", "metrics")
    wrong = []
    if set(found) != set(metrics) or artifact.result["metric"] != metrics[0]:
        wrong.append(f"has scores of {', '.join(found)}, and its task is scored by {', '.join(metrics)}")
    wrong += [
        f"says that its {metric} is {score}, which cannot be"
        for metric, score in found.items()
        if not LOWEST.get(metric, 0.0) - ROUNDING <= score <= 1 + ROUNDING
    ]
    return Answer(len(metrics), tuple(wrong))


def examples(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether results that read the same examples saw the same: tokens and labels, to the last one."""
    said = dict(_read(artifact))
    wrong = []
    for what, digest in said.items():
        first = shelf.examples.setdefault(what, digest)
        if first != digest:
            wrong.append(f"saw other examples than another result that read the same: {digest} and {first}")
    return Answer(len(said), tuple(wrong)) if said else None


def _read(artifact: Artifact) -> Iterator[tuple[str, JSON]]:
    """What a result has read, and the digest of what came of it."""
    facts = artifact.certificate.facts
    kind = setting(artifact, "kind")
    if kind not in {"fine-tune", "rewind-point", "interpolate"} or setting(artifact, "joined"):
        return
    asked = {name: value for name, value in setting(artifact, "task").items() if name not in {"recipe", "head"}}
    seed = setting(artifact, "seeds", "subset") if {"limit", "limit_evaluation"} & asked.keys() else None
    asked_for = [asked, setting(artifact, "model"), setting(artifact, "data"), seed]
    for part in ("trained on", "scored on"):
        if part in facts:
            yield json.dumps([part, *asked_for], sort_keys=True), facts[part]
