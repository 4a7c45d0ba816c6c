"""The one door to `runtime`. Nothing else in `ticketlang` reaches through it, and nothing heavy comes with it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..differences import Difference
from ..plan import PLAN_FORMAT
from ..study import Study

if TYPE_CHECKING:
    from runtime.exchange import Given as Given
    from runtime.progress import Listener
    from runtime.reports import Report as Report
    from runtime.reports import Written as Written
    from runtime.reports.loaded import Loaded as Loaded
    from runtime.schedulers.ran import Ran as Ran
    from runtime.schedulers.ran import Terms as Terms
    from runtime.schedulers.staffing import Staff as Staff
    from runtime.session import Session as Session
    from runtime.verification import Looking as Looking
    from runtime.verification import Verified as Verified


class NoRuntimeError(Exception):
    """There is no `runtime`, or it is not ours. Says what to do."""


def shake_hands() -> None:
    """Refuse a stranger's package of the same name, or one of another release.

    Raises:
        NoRuntimeError: with a sentence for the user.
    """
    try:
        import runtime
    except ImportError as problem:
        raise NoRuntimeError(
            f"the package `runtime` that runs studies is not there ({problem}); reinstall ticketlang"
        ) from None
    found = getattr(runtime, "PLAN_FORMAT", None)
    if found is None:
        place = getattr(runtime, "__file__", None) or "this Python"
        raise NoRuntimeError(
            f"the package `runtime` in {place} is not ticketlang's; install ticketlang where it comes first"
        )
    if found != PLAN_FORMAT:
        raise NoRuntimeError(
            f"`runtime` runs plans of format {found}, and `ticketlang` makes format {PLAN_FORMAT};"
            " install both of one release"
        )


def open_session(study: Study, spec: Path, data: Path | None, store: Path) -> "Session":
    """What this machine has for a study. See `runtime.session.Session.open`."""
    shake_hands()
    from runtime.session import Session

    return Session.open(study, spec, data, store)


def look(study: Study, spec: Path, data: Path | None, store: Path) -> "Session":
    """The same, for commands that write nothing. See `runtime.session.Session.look`."""
    shake_hands()
    from runtime.session import Session

    return Session.look(study, spec, data, store)


def verify(store: Path, looking: "Looking") -> "Verified":
    """Recompute what can be recomputed of everything in a store."""
    shake_hands()
    from runtime.store import Store
    from runtime.verification import verify

    return verify(Store.look(store), looking=looking)


def import_mask(path: Path, to: Path) -> "Given":
    """Read a mask in any layout, and write it in ours. See `runtime.exchange`."""
    shake_hands()
    from runtime.exchange import import_mask

    return import_mask(path, to)


def written(
    lines: "Iterable[tuple[tuple[str, str], ...]]",
    changes: "Iterable[Difference] | None" = None,
    **more: str,
) -> "Written":
    """A study as somebody wrote it, for its report. See `runtime.reports.Written`.

    Args:
        lines: of its text, each as parts with their kinds.
        changes: against the protocol of the paper.
    """
    from runtime.reports.blocks import Piece
    from runtime.reports.written import Change, Written

    return Written(
        lines=tuple(tuple(Piece(kind, text) for kind, text in line) for line in lines),
        changes=None if changes is None else tuple(Change(c.place, c.field, c.before, c.after) for c in changes),
        **more,
    )


def report_content(suffix: str, report: "Report") -> bytes:
    """A report as a file of a name that ends so holds it. See `runtime.reports.writers`."""
    from runtime.reports.writers import content_for

    return content_for(suffix, report)


def latex_files(report: "Report") -> "Mapping[str, bytes]":
    """A report for papers, by the paths of its files. See `runtime.reports.writers.latex`."""
    from runtime.reports.writers.latex import latex_files

    return latex_files(report)


def loaded(report: "Report") -> "Loaded":
    """A report for notebooks. See `runtime.reports.loaded`."""
    from runtime.reports.loaded import Loaded

    return Loaded(report)


def listener(is_terminal: bool) -> "Listener":
    """Where progress goes: a live table in a terminal, plain lines elsewhere."""
    from runtime.progress import Lines, LiveTable

    return LiveTable() if is_terminal else Lines()


def terms(*, retries: int, fails_fast: bool) -> "Terms":
    """How a run takes failures."""
    from runtime.schedulers.ran import Terms

    return Terms(retries=retries, fails_fast=fails_fast)


def troubles() -> tuple[type[Exception], ...]:
    """What storage, lock files and the machine may raise: each says one sentence, and exits with status 3."""
    from runtime.failures import NoSuchDevice, NoWorkers, UnwritableError
    from runtime.pins import LockFileError
    from runtime.store import StoreError

    return (LockFileError, NoSuchDevice, NoWorkers, StoreError, UnwritableError)


def refusals() -> tuple[type[Exception], ...]:
    """What is no trouble, but a wrong use of a command that exchanges tickets. To be caught after `troubles()`."""
    from runtime.failures import ExchangeError

    return (ExchangeError,)
