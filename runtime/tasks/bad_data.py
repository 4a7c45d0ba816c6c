"""Data that is not as the spec says: raised where it is found, carrying the complaint that people see."""

from ticketlang.diagnostics import Diagnostic
from ticketlang.source import Span
from ticketlang.study import Task

from ..failures import JobFailed


class BadData(JobFailed):
    """A mistake in the data of a task, or in what the spec says of it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic

    def __reduce__(self) -> tuple[object, ...]:
        return (BadData, (self.diagnostic,))


def place_of(task: Task, field: str) -> Span:
    """Where the spec says this of the task; the task itself where it says nothing."""
    return task.places.get(field, task.at)
