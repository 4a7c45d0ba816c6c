"""One study, run small: furnished, shrunk, sampled, and run by the session that runs studies; then looked at."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING

from attrs import frozen

from ..lay_out import lay_out
from ..plan import Facts, Plan
from ..smoke import ROWS, Fault, Kind, Smoked, Stage, idle, kinds_of, left_out, place_of, sample, shrink
from ..study import Study
from . import doorway

if TYPE_CHECKING:
    from .doorway import Finding, Furnished, Session

Faults = tuple[Fault, ...]


@frozen
class Interrupted:
    """A signal came while jobs were done."""

    by: Signals


def run_small(
    study: Study, spec: Path, data: Path | None, folder: Path, tell: Callable[[str], None]
) -> Smoked | Interrupted:
    """Run every kind of job of a study.

    Args:
        folder: that everything is made in.
        tell: is told how far it is.
    """
    began = time.monotonic()
    tell("reading")
    furnished = doorway.furnish(study, spec, data, folder, ROWS)
    small = _small(study, furnished)
    session = doorway.open_small_session(small, folder / spec.name)
    unready = session.gathered.diagnostics or session.make_ready()
    faults: Faults = ()
    done = None
    if not unready:
        plan = session.plan()
        session.wanted = sample(plan, doorway.comparisons(plan))
        ran = session.run(doorway.counting(tell), "cpu", doorway.one_worker())
        if ran.interrupted is not None:
            return Interrupted(ran.interrupted)
        done = session.plan()
        failures = ((failure.sentence, failure.label) for failure in ran.failures)
        faults = (*_failed(small, failures), *_undrawn(session, done, study))
    whole = lay_out(study, Facts.made_up(study))
    return Smoked(
        study=study,
        reads=tuple(furnished.findings.reads.items()),
        problems=(*furnished.findings.problems, *unready),
        kinds=_kinds(whole, done),
        left_out=left_out(whole, small, done),
        faults=(*_found(furnished.findings.faults), *idle(study, furnished.examples), *faults),
        notes=tuple(_found(furnished.findings.notes)),
        jobs=0 if done is None else len(done.reused),
        seconds=time.monotonic() - began,
    )


def _small(study: Study, furnished: "Furnished") -> Study:
    stages = {
        name: Stage(data=data, classes=furnished.classes[name], is_own=name in furnished.own)
        for name, data in furnished.data.items()
    }
    return shrink(study, furnished.model, stages, furnished.masks)


def _found(findings: "Iterable[Finding]") -> Iterator[Fault]:
    return (Fault(finding.at, finding.what, finding.sentence) for finding in findings)


def _kinds(whole: Plan, done: Plan | None) -> tuple[Kind, ...]:
    """Every kind of job of the whole study, and how many of it were done."""
    asked = Counter(kinds_of(whole).values())
    kinds = {} if done is None else kinds_of(done)
    ran = Counter(kinds[job.key] for job in done.reused) if done is not None else Counter[str]()
    return tuple(Kind(name, ran[name], count) for name, count in asked.items())


def _failed(small: Study, failures: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Jobs that failed, each reason once, with the first job that it struck."""
    struck: dict[str, list[str]] = {}
    for sentence, label in failures:
        struck.setdefault(sentence, []).append(label)
    for sentence, labels in struck.items():
        more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
        yield Fault(place_of(small, labels[0]), f"{labels[0]}{more}", sentence)


def _undrawn(session: "Session", done: Plan, study: Study) -> Iterator[Fault]:
    """What claims and the report do not find among the results, told where nothing else is to blame."""
    assert session.store is not None, "it was made ready"
    places = {f"claim {claim.name}": claim.at for claim in study.claims}
    for what, sentence in doorway.undrawn(done, session.store):
        yield Fault(places.get(what, study.at), what, sentence)
