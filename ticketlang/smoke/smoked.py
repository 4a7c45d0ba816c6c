"""What came of a study that was run small: that it ran, and nothing of what it scored."""

from attrs import frozen

from ..diagnostics import Diagnostic
from ..source import Span
from ..study import Study


@frozen
class Kind:
    """A kind of job: how many ran, and how many the whole study asks for."""

    name: str
    ran: int
    asked: int


@frozen
class LeftOut:
    """Something that the whole study has more of."""

    what: str
    whole: str
    here: str


@frozen
class Fault:
    """Something that did not work."""

    at: Span
    what: str
    sentence: str


@frozen(kw_only=True)
class Smoked:
    """A study, run small."""

    study: Study
    reads: tuple[tuple[str, str], ...]  # model, tasks and masks, each with where it came from
    problems: tuple[Diagnostic, ...]  # with what it reads
    kinds: tuple[Kind, ...]
    left_out: tuple[LeftOut, ...]
    faults: tuple[Fault, ...]
    jobs: int  # done
    seconds: float
    notes: tuple[Fault, ...] = ()  # what is no fault, and worth a look

    @property
    def missing(self) -> tuple[Kind, ...]:
        """Kinds of job that the study asks for and of which none ran."""
        return tuple(kind for kind in self.kinds if not kind.ran)

    @property
    def is_well(self) -> bool:
        return not self.problems and not self.faults and not self.missing
