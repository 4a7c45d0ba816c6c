"""What is found out about a study before any job: where everything it reads comes from, and what is wrong with it."""

from attrs import define, field, frozen

from ticketlang.diagnostics import Diagnostic
from ticketlang.source import Span

STAND_IN = "stand-in: "


@frozen
class Finding:
    """Something about a place in the spec that no diagnostic says."""

    at: Span
    what: str
    sentence: str


@define
class Findings:
    """Filled in while a small study is furnished."""

    reads: dict[str, str] = field(factory=dict)  # model, tasks and masks -> where they come from
    problems: list[Diagnostic] = field(factory=list)
    faults: list[Finding] = field(factory=list)
    notes: list[Finding] = field(factory=list)  # no faults, and worth a look

    def stands_in(self, what: str, reason: str) -> None:
        self.reads[what] = f"{STAND_IN}{reason}"

    def is_wrong(self, what: str, problem: Diagnostic) -> None:
        """Something is there, and cannot be used: something else has to stand in, too."""
        self.problems.append(problem)
        self.stands_in(what, problem.message)
