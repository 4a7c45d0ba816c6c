"""What is asked of each stored result, and what an answer is."""

from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

from attrs import Factory, define, frozen

from ..store import JSON, Artifact
from .shelf import Shelf

Ask: TypeAlias = "Callable[[Artifact, Shelf], Answer | None]"  # None: the question does not apply


@frozen
class Answer:
    """What was looked at in one result, and what is wrong with it."""

    looked_at: int = 1
    wrong: tuple[str, ...] = ()  # sentences that go on after the name of the result
    let_off: int = 0  # things that an earlier release did not certify, and that nothing can be compared with


def found_by(artifact: Artifact, check: str) -> JSON:
    """What a check of a certificate found; None where there is no such check."""
    return next((made.found for made in artifact.certificate.checks if made.name == check), None)


def is_of_an_earlier_release(artifact: Artifact) -> bool:
    """Whether a result was made by one that did not say which, and certified less than those after it."""
    return not artifact.provenance.release


@frozen
class Question:
    """Something that every result, or every result of a kind, claims."""

    things: str  # "keys"
    hold: str  # "follow from their settings"
    ask: Ask


@define
class Tally:
    """The answers to one question so far."""

    question: Question
    looked_at: int = 0
    wrong: int = 0
    let_off: int = 0
    skipped: Counter[str] = Factory(Counter)  # reason -> how many

    def add(self, answer: Answer) -> None:
        self.looked_at += answer.looked_at
        self.wrong += len(answer.wrong)
        self.let_off += answer.let_off
