"""Every number of a study as a row: one for each cell and metric, and one for each cell that has none yet."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from attrs import define, evolve

from ticketlang.jobs import JobKey
from ticketlang.plan import Cell
from ticketlang.study import Seeds

from ..results import Condition, Measurement
from .evidence import Evidence
from .row import Row


def rows_of(evidence: Evidence) -> tuple[Row, ...]:
    """In the order of the plan."""
    return tuple(_Rows(evidence).all())


@define(slots=False)
class _Rows:
    evidence: Evidence

    def all(self) -> Iterator[Row]:
        for cell, key in self.evidence.plan.cells.items():
            measured = self.evidence.results.measurements.get(cell, ())
            blank = self._blank(cell, key)
            if not measured:
                yield blank
            for number, measurement in enumerate(measured):
                yield self._filled(blank, measurement, is_first=number == 0)

    def _blank(self, cell: Cell, key: JobKey) -> Row:
        ticket, seeds = cell.ticket, cell.seeds
        variant = ",".join(f"{axis}={value}" for axis, value in ticket.variant) if ticket else ""
        return Row(
            study=self.evidence.study.name,
            cell=cell.id,
            arm=cell.arm,
            ticket=ticket.name if ticket else None,
            source=ticket.source_name if ticket else None,
            variant=variant or None,
            level=float(cell.level.fraction) if cell.level else None,
            sparsity=self._sparsity(cell),
            target=cell.target,
            seed=seeds.search if seeds.is_tied else None,
            seed_search=seeds.search,
            seed_head=seeds.head,
            seed_order=seeds.order,
            seed_dropout=seeds.dropout,
            seed_mask=seeds.mask,
            seed_weights=seeds.weights,
            seed_subset=seeds.subset,
            seed_masking=seeds.masking,
            metric=self.evidence.metric(cell.target),
            decides=True,
            key=key,
        )

    def _filled(self, blank: Row, measurement: Measurement, *, is_first: bool) -> Row:
        row = evolve(blank, metric=measurement.metric, decides=is_first, score=measurement.value)
        dense = self._dense.get((measurement.cell.target, measurement.cell.seeds))
        if is_first and dense is not None and dense.cell != measurement.cell:
            row = evolve(row, gap=measurement.value - dense.value)
        environment = measurement.environment
        certificate = self.evidence.certificate(measurement.key)
        provenance = self.evidence.provenance(measurement.key)
        return evolve(
            row,
            device=environment.device,
            machine=environment.machine,
            threads=environment.threads,
            python=environment.versions.get("python"),
            numpy=environment.versions.get("numpy"),
            torch=environment.versions.get("torch"),
            transformers=environment.versions.get("transformers"),
            started=provenance.started if provenance else None,
            seconds=provenance.seconds if provenance else None,
            certificate_holds=certificate.holds if certificate else None,
        )

    @cached_property
    def _dense(self) -> Mapping[tuple[str, Seeds], Measurement]:
        """The dense run of each target and seeds, where it is done."""
        results = self.evidence.results
        return {
            (cell.target, cell.seeds): found[0]
            for cell, found in results.measurements.items()
            if Condition.of(cell) == results.dense(cell.target)
        }

    def _sparsity(self, cell: Cell) -> float | None:
        return self.evidence.results.sparsities.get(self._masks.get(cell, JobKey("")))

    @cached_property
    def _masks(self) -> Mapping[Cell, JobKey]:
        results = self.evidence.results
        found = ((cells, results.masks(condition)) for condition, cells in results.conditions.items())
        return {cell: masks[cell.seeds] for cells, masks in found for cell in cells if cell.seeds in masks}
