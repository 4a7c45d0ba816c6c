"""What a study says about its results, as neutral blocks that writers turn into text."""

from ticketlang.plan import Plan
from ticketlang.study import PublishedLevel, Study

from ..store import Store
from .blocks import Report, Section
from .evidence import Evidence
from .sections import section_named

__all__ = ["Report", "report"]

FIRST = ("scores", "published")  # every report opens with the numbers themselves
LAST = "verdicts"


def report(plan: Plan, store: Store) -> Report:
    """The report of a study as far as it is done: the scores, the sections it asks for, and the verdicts."""
    evidence = Evidence.of(plan, store)
    names = dict.fromkeys((*FIRST, *_beside_published(plan.study), *plan.study.report, LAST))
    sections: list[Section] = [section for name in names if (section := section_named(name)(evidence)).blocks]
    return Report(
        study=plan.study.name,
        question=plan.study.question,
        sections=tuple(sections),
        problems=tuple(dict.fromkeys(evidence.problems)),
    )


def _beside_published(study: Study) -> tuple[str, ...]:
    """The section that published levels stand in."""
    numbers = (number for published in study.published for number in published.numbers)
    return ("matching",) if any(isinstance(number, PublishedLevel) for number in numbers) else ()
