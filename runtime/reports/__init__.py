"""What a study says about its results, as neutral blocks that writers turn into text, pages and files."""

from collections.abc import Collection, Iterator, Mapping

from attrs import evolve

from ticketlang.jobs import JobKey
from ticketlang.plan import Plan
from ticketlang.study import PublishedLevel, Study

from ..results import Condition, Results
from .appendix import appendix
from .blocks import Prose, Report, Run, Section, pointing
from .evidence import Evidence
from .progress import progress
from .rows import rows_of
from .sections import section_named
from .written import Written

__all__ = ["Evidence", "Report", "Written", "model_name", "report", "section_of", "unfinished", "whole_report"]

FIRST = ("scores", "published")  # every report opens with the numbers themselves
LAST = "verdicts"
OF_MASKS = ("layer_sparsity", "mask_overlap", "mask_distance")

# Of a page: answers first, then what they rest on; sections without a block are left out.
WHOLE = (
    "verdicts",
    "sparsity_curves",
    "transfer_matrix",
    "scores",
    "rewinding",
    "published",
    "matching",
    "mask_overlap",
    "layer_sparsity",
    "learning_curves",
)


def report(evidence: Evidence) -> Report:
    """The report of a study as far as it is done: the scores, the sections it asks for, and the verdicts."""
    if not evidence.results.measurements and not evidence.problems:
        of_masks = (name for name in OF_MASKS if name in evidence.study.report and _has_masks(evidence))
        return _report(evidence, (_nothing_yet(len(evidence.plan.cells)), *_sections(evidence, *of_masks)))
    names = dict.fromkeys((*FIRST, *_beside_published(evidence.study), *evidence.study.report, LAST))
    return _report(evidence, _sections(evidence, *names))


def whole_report(evidence: Evidence, written: Written | None = None) -> Report:
    """All there is to say of a study, whatever it asks for, with an appendix on how it was done.

    Args:
        written: the text of the study, and what it says differently from the paper; None: it has none.
    """
    sections = _sections(evidence, *dict.fromkeys((*WHOLE, *evidence.study.report)))
    whole = evolve(_report(evidence, sections, appendix(evidence, written)), rows=rows_of(evidence))
    return whole if written is None else evolve(whole, show=written.show)


def unfinished(
    plan: Plan,
    running: Collection[JobKey],
    failures: Mapping[JobKey, str],
    evidence: Evidence | None,
    written: Written | None = None,
) -> Report:
    """All there is to say of a study while it runs, how far it is first.

    Args:
        running: jobs that some process is doing now.
        failures: why jobs that are not done failed when they were last tried.
        evidence: None: nothing was ever run.
    """
    study = plan.study
    nothing = Report(study=study.name, question=study.question, sections=(), asked=len(plan.cells))
    whole = nothing if evidence is None else whole_report(evidence, written)
    return evolve(whole, sections=(progress(plan, running, failures), *whole.sections))


def _sections(evidence: Evidence, *names: str) -> tuple[Section, ...]:
    return tuple(section for name in names if (section := section_of(evidence, name)).blocks)


def section_of(evidence: Evidence, name: str) -> Section:
    """What a section makes of the evidence. Tables and a page of one study share it: some read every mask."""
    if name not in evidence.sections:
        evidence.sections[name] = section_named(name)(evidence)
    return evidence.sections[name]


def _report(evidence: Evidence, sections: tuple[Section, ...], at_the_end: tuple[Section, ...] = ()) -> Report:
    study, results = evidence.study, evidence.results
    return Report(
        study=study.name,
        question=study.question,
        sections=pointing(sections),
        problems=tuple(dict.fromkeys(evidence.problems)),
        appendix=at_the_end,
        runs={condition.name: tuple(_runs(results, condition)) for condition in results.conditions},
        done=len(results.measurements),
        asked=len(evidence.plan.cells),
        summary=tuple(_summary(study)),
    )


def _runs(results: Results, condition: Condition) -> Iterator[Run]:
    """One for each cell; cells of different seeds may share a job, and then its score."""
    for cell in results.conditions[condition]:
        key = results.plan.cells[cell]
        yield Run(cell=cell.id, key=key, score=results.scores.get(key))


def _summary(study: Study) -> Iterator[tuple[str, str]]:
    yield "Model", model_name(study)
    yield "Tasks", ", ".join(study.tasks)
    yield "Seeds", ", ".join(str(seeds).removeprefix("seed=") for seeds in study.seeds)
    if study.match is not None:
        yield "Match rule", str(study.match)


def model_name(study: Study) -> str:
    """`google-bert/bert-base-uncased`, `micro`, `my_package: weights`."""
    model = study.model
    return f"{model.name}: {model.path}" if model.path else model.name or model.origin


def _has_masks(evidence: Evidence) -> bool:
    """Whether something can be said of tickets before anything is trained under them."""
    found = {mask for masks in evidence.masks.values() for mask in masks.values()}
    return not found.isdisjoint(evidence.results.removed)


def _nothing_yet(cells: int) -> Section:
    """In place of tables of dashes."""
    said = f"No scores yet: {cells} {'is' if cells == 1 else 'are'} to come, and a verdict on each claim with them."
    return Section(title="Scores", blocks=(Prose(said),))


def _beside_published(study: Study) -> tuple[str, ...]:
    """The section that published levels stand in."""
    numbers = (number for published in study.published for number in published.numbers)
    return ("matching",) if any(isinstance(number, PublishedLevel) for number in numbers) else ()
