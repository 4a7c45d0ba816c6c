"""How a study was done: what a reader needs to trust its numbers, or to do it again."""

from collections.abc import Iterator

from ..blocks import Block, Listing, Section
from ..evidence import Evidence
from ..written import Written
from .certificates import certificates
from .changes import changes
from .environments import environments
from .excluded import excluded
from .trainings import seeds, trainings


def appendix(evidence: Evidence, written: Written | None) -> tuple[Section, ...]:
    """Sections without a block are left out."""
    sections = (
        ("What is missing and what was left out", excluded(evidence, written)),
        ("Hyper-parameters as executed", trainings(evidence)),
        ("Seeds", seeds(evidence)),
        ("Certificates", certificates(evidence)),
        ("Hardware and versions", environments(evidence)),
        ("Differences from the paper", changes(written)),
        ("The study as written", _text(written)),
    )
    found = (Section(title=title, blocks=tuple(blocks)) for title, blocks in sections)
    return tuple(section for section in found if section.blocks)


def _text(written: Written | None) -> Iterator[Block]:
    if written is not None and written.lines:
        yield Listing(title=written.name, lines=written.lines)
