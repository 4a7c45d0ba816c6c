"""The one door to `runtime`. Nothing else in `ticketlang` reaches through it, and nothing heavy comes with it."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ..differences import Difference
from ..plan import PLAN_FORMAT, Plan
from ..study import Study

if TYPE_CHECKING:
    from rich.console import RenderableType

    from runtime.exchange import Given as Given
    from runtime.footprint import Room as Room
    from runtime.progress import Listener
    from runtime.reports import Evidence as Evidence
    from runtime.reports import Report as Report
    from runtime.reports import Written as Written
    from runtime.reports.loaded import Loaded as Loaded
    from runtime.schedulers.ran import Ran as Ran
    from runtime.schedulers.ran import Terms as Terms
    from runtime.schedulers.staffing import Staff as Staff
    from runtime.session import Session as Session
    from runtime.smoke import Case as Case
    from runtime.smoke import Counting as Counting
    from runtime.smoke import Finding as Finding
    from runtime.smoke import Furnished as Furnished
    from runtime.store import Store
    from runtime.storekeeping.garbage import Garbage as Garbage
    from runtime.storekeeping.intake import Imported as Imported
    from runtime.storekeeping.stock import Stock as Stock
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


def verify_store(store: Path, looking: "Looking", *, sets_aside: bool) -> "tuple[Verified, tuple[str, ...]]":
    """The same, of everything else in a store, too; and the keys of what was set aside."""
    shake_hands()
    from runtime.store import Store
    from runtime.storekeeping.soundness import verify_all

    return verify_all(Store.open(store) if sets_aside else Store.look(store), looking, sets_aside=sets_aside)


def stock(store: Path) -> "Stock":
    """What a store holds. See `runtime.storekeeping.stock`."""
    shake_hands()
    from runtime.store import Store
    from runtime.storekeeping.stock import stock

    return stock(Store.look(store))


def list_view(held: "Stock") -> "Iterator[RenderableType]":
    """The studies of a store. See `runtime.storekeeping.views`."""
    from runtime.storekeeping.views import list_view

    return list_view(held)


def size_view(held: "Stock") -> "Iterator[RenderableType]":
    """What takes room in a store. See `runtime.storekeeping.views`."""
    from runtime.storekeeping.views import size_view

    return size_view(held)


def garbage(store: Path, sessions: "Sequence[Session]", *, with_states: bool) -> "Garbage":
    """What of a store none of some studies needs. See `runtime.storekeeping.garbage`."""
    from runtime.store import Store
    from runtime.storekeeping.garbage import Needs, garbage

    needs = Needs.of((session.keys() for session in sessions), (session.plan() for session in sessions))
    return garbage(Store.look(store), needs, with_states=with_states)


def garbage_view(found: "Garbage") -> "Iterator[RenderableType]":
    """What would go, and what stays. See `runtime.storekeeping.views`."""
    from runtime.storekeeping.views import garbage_view

    return garbage_view(found)


def drop(store: Path, found: "Garbage", tell: Callable[[int, int], None]) -> int:
    """Drop what was found. See `runtime.storekeeping.garbage`."""
    from runtime.store import Store
    from runtime.storekeeping.garbage import drop

    return drop(Store.open(store), found, tell)


def import_study(store: Path, file: Path) -> "Imported":
    """Take an archive into a store. See `runtime.storekeeping.intake`."""
    shake_hands()
    from runtime.store import Store
    from runtime.storekeeping.intake import import_study

    return import_study(Store.open(store), file)


def furnish(study: Study, spec: Path, data: Path | None, folder: Path, rows: int) -> "Furnished":
    """Put all that a small study reads into a folder, without a word to any network. See `runtime.smoke`."""
    shake_hands()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}  # read when the libraries are imported
    from runtime.smoke import furnish

    return furnish(study, spec, data, folder, rows)


def open_small_session(study: Study, spec: Path) -> "Session":
    """The session of a study whose results do not outlive it, with everything it reads beside the spec."""
    from runtime.session import Session
    from runtime.store import PassingDisk

    session = Session.open(study, spec, None, spec.parent / "store")
    session.disk = PassingDisk()
    return session


def one_worker() -> "Staff":
    """This process alone, on one thread: a second one gains nothing on small networks, and may lose much."""
    from runtime.schedulers.staffing import Staff

    return Staff(devices=("cpu",), threads=1)


def counting(tell: Callable[[str], None]) -> "Counting":
    """Progress as a number of jobs, without what they scored."""
    from runtime.smoke import Counting

    return Counting(tell)


def comparisons(plan: Plan) -> "Mapping[str, Sequence[Case]]":
    """What each claim of a plan compares. See `runtime.smoke`."""
    from runtime.smoke import comparisons

    return comparisons(plan)


def undrawn(plan: Plan, store: "Store") -> "Iterator[tuple[str, str]]":
    """What of a report cannot be drawn from the results. See `runtime.smoke`."""
    from runtime.smoke import undrawn

    return undrawn(plan, store)


def stoppable(act: Callable[[], int]) -> int:
    """Do something that SIGINT and SIGTERM end wherever it stands. Returns its status, or 128 and the signal."""
    from runtime.schedulers.interruption import Interruption, interruptible

    try:
        with interruptible():
            return act()
    except Interruption as stop:
        return 128 + stop.by


def import_mask(path: Path, to: Path, sparsity: str | None) -> "Given":
    """Read a mask in any layout, and write it in ours. See `runtime.exchange`."""
    shake_hands()
    from runtime.exchange import import_mask

    return import_mask(path, to, sparsity)


def push(folder: Path, repository: str, cell: str, *, is_private: bool) -> str:
    """Send an exported ticket to the hub, and tell where it is. See `runtime.exchange.hub`."""
    from runtime.exchange.hub import push

    return push(folder, repository, cell, is_private=is_private)


def pull(repository: str, revision: str | None, to: Path) -> Sequence[Path]:
    """Fetch a ticket from the hub. See `runtime.exchange.hub`."""
    shake_hands()
    from runtime.exchange.hub import pull

    return pull(repository, revision, to)


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


def served(page: Callable[[], bytes], port: int, every: float) -> AbstractContextManager[str]:
    """A page for this machine alone, while it is asked for. See `runtime.serving`."""
    from runtime.serving import served

    return served(page, port, every)


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


def tracking(listener: "Listener", name: str, session: "Session") -> "Listener":
    """A listener that an experiment tracker listens in on. See `runtime.progress.tracking`."""
    from runtime.progress.trackers import tracker
    from runtime.progress.tracking import Tracking

    folder = session.store_folder.parent / name
    return Tracking(listener, name, tracker(name, folder), session.result_of)


def terms(*, retries: int, fails_fast: bool, drops_states: bool) -> "Terms":
    """How a run takes failures, and what it keeps."""
    from runtime.schedulers.ran import Terms

    return Terms(retries=retries, fails_fast=fails_fast, drops_states=drops_states)


def troubles() -> tuple[type[Exception], ...]:
    """What storage, lock files and the machine may raise: each says one sentence, and exits with status 3."""
    from runtime.failures import NoPort, NoSuchDevice, NoTracker, NoWorkers, UnwritableError
    from runtime.pins import LockFileError
    from runtime.store import StoreError

    return (LockFileError, NoPort, NoSuchDevice, NoTracker, NoWorkers, StoreError, UnwritableError)


def refusals() -> tuple[type[Exception], ...]:
    """What is no trouble, but a wrong use of a command that exchanges tickets. To be caught after `troubles()`."""
    from runtime.failures import ExchangeError

    return (ExchangeError,)
