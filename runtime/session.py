"""One study on this machine: what it reads, the store it fills, and its plan. The recipe behind `plan` and `run`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, field
from safetensors import SafetensorError

from ticketlang.cost import Cost, cost_of
from ticketlang.diagnostics import Diagnostic
from ticketlang.jobs import JobKey
from ticketlang.lay_out import lay_out, nothing_known
from ticketlang.plan import Facts, Plan, PlannedJob
from ticketlang.reasons import Stored
from ticketlang.study import Study

from .damage import sound_plan
from .digests import Digests
from .facts import Gathered, Root, fetch_model, gather
from .failures import UnwritableError
from .footprint import Footprint, Room, room_of
from .pins import Pins, ask_the_hub, lock_file_of, pin, read_pins, write_pins
from .progress import Listener
from .schedulers.equipment import equip
from .schedulers.machine import Glance
from .schedulers.ran import Ran, Terms
from .schedulers.staffing import Staff, staff
from .store import Disk, Store
from .store.checkpoints import EVERY, Checkpoints
from .verification import Looking, Verified, verify

if TYPE_CHECKING:
    from rich.console import RenderableType

    from .reports import Evidence, Report, Written
    from .storekeeping.export import Exported


@define
class Session:
    """A study, and everything on this machine that concerns it."""

    study: Study
    spec: Path
    root: Root
    store_folder: Path
    digests: Digests
    pins: Pins
    gathered: Gathered
    store: Store | None = field(default=None)  # None: there is none yet, and `plan` makes none
    damaged: tuple[str, ...] = ()  # what is wrong with results that are to be made anew, a sentence each
    disk: Disk = field(factory=Disk)  # that a store is made on
    wanted: tuple[str, ...] = ()  # names of the cells, masks and lines that are run alone; none: all
    opened: Glance = Factory(Glance)  # how busy the machine was when this study was opened

    @classmethod
    def open(cls, study: Study, spec: Path, data: Path | None, store_folder: Path) -> Session:
        """Find what the study reads. Touches neither network nor torch, and leaves nothing behind but digests.

        Raises:
            LockFileError: the lock file beside the spec is damaged.
            StoreError: the store is damaged, or of another format.
        """
        store = Store.find(store_folder)
        session = cls._of(study, spec, data, store_folder, store)
        session.digests.remember()
        return session

    @classmethod
    def look(cls, study: Study, spec: Path, data: Path | None, store_folder: Path) -> Session:
        """The same where there is a store, and nothing is written: not even digests.

        Raises:
            LockFileError, StoreError: as above; also where there is no store.
        """
        return cls._of(study, spec, data, store_folder, Store.look(store_folder))

    @classmethod
    def _of(cls, study: Study, spec: Path, data: Path | None, store_folder: Path, store: Store | None) -> Session:
        digests = Digests.open(store_folder / "cache" / "digests.json" if store else None)
        root = Root(folder=data or spec.parent, is_confined=data is not None)
        pins = read_pins(lock_file_of(spec))
        return cls(study, spec, root, store_folder, digests, pins, gather(study, root, pins, digests), store)

    @property
    def facts(self) -> Facts:
        if self.gathered.facts is None:
            raise ValueError("a study whose files are not all there has no plan: look at the diagnostics first")
        return self.gathered.facts

    def plan(self) -> Plan:
        """What is to run now. Asked again, it knows what has been done since."""
        return lay_out(self.study, self.facts, self.store.known if self.store else nothing_known)

    def sound_plan(self, *, wholly: bool = False) -> Plan:
        """What a run would do now: what is damaged is to run once more. It stays where it is; `damaged` says why.

        Args:
            wholly: read masks to their ends, too, as a run does; else they are as long as they were written.
        """
        if self.store is None:
            return self.plan()
        plan, problems = sound_plan(self.store, partial(lay_out, self.study, self.facts), wholly=wholly)
        self.damaged = tuple(map(str, problems))
        return plan

    def result_of(self, key: JobKey) -> Mapping[str, Any]:
        """What a job that is done found."""
        assert self.store is not None, "make_ready() comes first"
        return self.store.artifact(key).result

    def result(self, job: PlannedJob) -> Mapping[str, Any] | None:
        """What a job that is done found; None: it is not done."""
        return self.store.artifact(job.key).result if self.store and job.is_reused else None

    def running(self, plan: Plan) -> frozenset[JobKey]:
        """Jobs of a plan that some process is doing now."""
        if self.store is None:
            return frozenset()
        return frozenset(job.key for job in plan.to_run if self.store.claims.is_taken(job.key))

    def standing(self, plan: Plan) -> Mapping[JobKey, tuple[int, int]]:
        """Of jobs of a plan that are not done and were begun: how many steps are kept, and how many there are."""
        if self.store is None:
            return {}
        found = self._checkpoints(EVERY).standing([job.key for job in plan.to_run])
        return {key: (standing.step, standing.steps) for key, standing in found.items()}

    def failures(self, plan: Plan) -> Mapping[JobKey, str]:
        """Why jobs of a plan failed when they were last tried, of those that are not done."""
        recorded = self.store.failures.all() if self.store else ()
        to_run = {job.key for job in plan.to_run}
        return {failure.key: failure.sentence for failure in recorded if failure.key in to_run}

    def remembered(self) -> tuple[Stored, ...]:
        """Every job in the store: who asked for it, and its settings."""
        return self.store.remembered() if self.store else ()

    def cost(self, jobs: Iterable[PlannedJob]) -> Cost:
        """What jobs are to cost, going by the like of them in the store."""
        return cost_of(jobs, self.remembered())

    def room(self, plan: Plan, workers: int = 1) -> Room | None:
        """How much of the disk a plan takes at its peak; None: the model is not on this machine yet."""
        folder = self._model_at_hand()
        footprint = None if folder is None else Footprint.of(folder)
        if footprint is None:
            return None
        place = next(path for path in (self.store_folder, *self.store_folder.absolute().parents) if path.is_dir())
        return room_of(plan, footprint, self.disk.free(place), workers)

    def remember_run(self, said: str) -> None:
        """Keep what the study says, to be compared with what it will say later."""
        assert self.store is not None, "make_ready() comes first"
        self.store.remember_run(self.study.name, said, self.spec)

    def other_origins(self) -> tuple[Path, ...]:
        """Other specs from which a study of this name was run with this store, and which are still there."""
        found = self.store.origins(self.study.name) if self.store else ()
        return tuple(path for path in found if path.is_file() and path != self.spec.resolve())

    def last_run(self) -> str | None:
        """What a study of this name said when it was last run with this store; None: it never was."""
        return self.store.last_run(self.study.name) if self.store else None

    def make_ready(self) -> tuple[Diagnostic, ...]:
        """Everything that can go wrong before the first job: pin, fetch, and read the examples of every task."""
        self.store = Store.open(self.store_folder, self.disk)
        self.digests.memory = self.store_folder / "cache" / "digests.json"
        if problems := self._pin_and_fetch():
            return problems
        self.damaged = tuple(self._set_damaged_aside())
        return tuple(self._data_problems()) if self.plan().to_run else ()

    def staff(self, plan: Plan, device: str = "auto", workers: int | None = None, threads: int | None = None) -> Staff:
        """Whom to employ for a plan. See `schedulers.staffing.staff`."""
        folder = self._model_at_hand()
        weights = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) if folder else 0
        return staff(plan, self.opened, weights, device, workers, threads)

    def run(
        self,
        listener: Listener,
        device: str = "auto",
        staff: Staff | None = None,
        terms: Terms | None = None,
        checkpoint: float = EVERY,
    ) -> Ran:
        """Run what is missing. What is done is done; a failed job stops only what depends on it.

        Args:
            staff: who does it; None: this process alone, with as many threads as torch decides.
            checkpoint: seconds between two checkpoints of a job.

        Raises:
            StoreError, NoSuchDevice, NoWorkers: the run cannot go on. What was done stays done.
        """
        assert self.store is not None, "make_ready() comes first"
        if staff is None or staff.workers == 1:
            return self._run_here(listener, device, staff.threads if staff else None, terms, checkpoint)
        from .schedulers.crew import Crew
        from .schedulers.run import run

        places, cache = self.gathered.places, self.store_folder / "cache"
        kept = self._checkpoints(checkpoint)
        crew = Crew(
            tuple(partial(equip, places, device, staff.threads, cache, kept) for device in staff.devices),
            staff.threads,
            self.store,
            listener,
        )
        return run(self._wanted_plan, self.store, crew, listener, terms)

    def _run_here(
        self, listener: Listener, device: str, threads: int | None, terms: Terms | None, checkpoint: float
    ) -> Ran:
        from .schedulers.serial import run

        assert self.store is not None, "make_ready() comes first"
        kept = self._checkpoints(checkpoint)
        perform, workshop = equip(self.gathered.places, device, threads, self.store_folder / "cache", kept, listener)
        return run(self._wanted_plan, self.store, perform, workshop, listener, terms)

    def _checkpoints(self, every: float) -> Checkpoints:
        assert self.store is not None, "make_ready() comes first"
        return Checkpoints(self.store.layout, self.store.disk, every)

    def pretrain(self, folder: Path, listener: Listener, device: str = "auto", checkpoint: float = EVERY) -> Ran | None:
        """Do the first cell that is a pre-training, and write its network as a model folder; None: there is none.

        Raises:
            FileExistsError: the folder is there.
            UnwritableError: the disk refuses to take it.
        """
        from .pretraining import alone, pretraining_in, write_pretrained
        from .schedulers.serial import run

        assert self.store is not None, "make_ready() comes first"
        plan = self.plan()
        cell = pretraining_in(plan)
        if cell is None:
            return None
        kept = self._checkpoints(checkpoint)
        perform, workshop = equip(self.gathered.places, device, None, self.store_folder / "cache", kept, listener)
        ran = run(lambda: alone(self.plan(), cell), self.store, perform, workshop, listener)
        if not ran.failed and ran.interrupted is None:
            try:
                write_pretrained(self.store.artifact(plan.cells[cell]), self.facts.model, workshop, folder)
            except FileExistsError:
                raise
            except (OSError, SafetensorError) as problem:
                raise UnwritableError(f"{folder} cannot be written: {problem}") from None
        return ran

    def verify(self, looking: Looking) -> Verified:
        """Recompute what can be recomputed of the study's stored results."""
        assert self.store is not None, "look() comes first"
        folder = self._model_at_hand()
        models = {} if folder is None else {self.facts.model: folder}
        return verify(self.store, models, self.keys(), looking)

    def keys(self) -> frozenset[JobKey]:
        """Of all jobs of the study, whether they are done, to be done, or needed by what is done alone."""
        return frozenset(lay_out(self.study, self.facts).jobs)

    def export_study(self, said: str, file: Path, *, with_states: bool) -> Exported:
        """Write the study's results as one archive. See `storekeeping.export.export_study`.

        Args:
            said: all that the study says, with every default.
        """
        from .storekeeping.export import export_study

        assert self.store is not None, "look() comes first"
        return export_study(self.store, self.study.name, said, self.keys(), file, with_states=with_states)

    def export(self, name: str, planned: PlannedJob, folder: Path, layout: str) -> tuple[Path, ...]:
        """Write the ticket of a cell, or a mask by itself, into a folder. Returns the files that were written.

        Raises:
            ExchangeError: there is no mask, or it is not there yet; or files are in the way.
        """
        from .exchange import export
        from .exports import card_of, ticket_of

        hub = self.gathered.places.model_hub
        ticket = ticket_of(
            name, planned, self.plan(), self.store, self.spec, hub[1] if hub else None, with_search=layout == "rounds"
        )
        assert self.store is not None, "a ticket was found in it"
        card = card_of(ticket, layout, self.evidence())
        return export(ticket, self._model_at_hand(), self.store, folder, layout, card)

    def _model_at_hand(self) -> Path | None:
        """The folder of the model, without asking the hub for it."""
        places = self.gathered.places
        if places.model_folder is not None or places.model_hub is None:
            return places.model_folder
        fetched = fetch_model(places, self.study.model.at, is_offline=True)
        return None if isinstance(fetched, Diagnostic) else fetched

    def _wanted_plan(self) -> Plan:
        plan = self.plan()
        return plan.narrowed_to(self.wanted) if self.wanted else plan

    def evidence(self) -> Evidence:
        """The results as they stand now, which all that is said of them draws on."""
        from .reports import Evidence

        assert self.store is not None, "make_ready() comes first"
        return Evidence.of(self.plan(), self.store)

    def find_store(self) -> None:
        """Look whether there is a store by now, as a run elsewhere may have made one."""
        if self.store is None:
            self.store = Store.find(self.store_folder)

    def report_now(self, written: Written | None = None) -> Report:
        """The whole report, which opens with how far the study is; also where nothing was ever run."""
        from .reports import unfinished

        plan = self.plan()
        evidence = None if self.store is None else self.evidence()
        return unfinished(plan, self.running(plan), self.failures(plan), evidence, written)

    def report(self, evidence: Evidence) -> Iterator[RenderableType]:
        """The result tables and the verdicts as a terminal shows them, as far as there are results."""
        from .reports import report
        from .reports.writers.terminal import terminal_report

        return terminal_report(report(evidence))

    def whole_report(self, evidence: Evidence, written: Written | None = None) -> Report:
        """All there is to say of the study so far, for pages and files."""
        from .reports import whole_report

        return whole_report(evidence, written)

    def _set_damaged_aside(self) -> Iterator[str]:
        """Take results that are not as they were written out of the way, so that their jobs are done anew.

        Bytes of weights are looked at when a job reads them. Tells what was wrong with each result.
        """
        assert self.store is not None, "make_ready() comes first"
        _, problems = sound_plan(self.store, partial(lay_out, self.study, self.facts), wholly=True)
        for problem in problems:
            self.store.set_aside(problem.folder)
            yield str(problem)

    def _pin_and_fetch(self) -> tuple[Diagnostic, ...]:
        pins, problems = pin(self.study, self.pins, ask_the_hub)
        if pins != self.pins:
            write_pins(pins, lock_file_of(self.spec))
            self.pins = pins
        if problems:
            return problems
        self.gathered = gather(self.study, self.root, self.pins, self.digests)
        if self.gathered.places.model_hub and not self.gathered.diagnostics:
            folder = fetch_model(self.gathered.places, self.study.model.at)
            if isinstance(folder, Diagnostic):
                return (folder,)
            self.gathered = gather(self.study, self.root, self.pins, self.digests, folder)
        self.digests.remember()
        return self.gathered.diagnostics

    def _data_problems(self) -> Iterator[Diagnostic]:
        from .tasks.reading import problems_of

        for task in self.study.tasks.values():
            yield from problems_of(task, self.gathered.places.tasks[task.name], self.store_folder / "cache" / "read")
