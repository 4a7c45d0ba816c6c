"""What a study asks for, each job once: a request that comes to a key which is there already shares it."""

from attrs import Factory, define, evolve

from ..jobs import AnyJob, FineTune, Interpolate, JobKey, MaskJob, key_of
from ..plan import Cell, Facts, Line
from ..study import Study


@define
class Requests:
    """What was asked for so far, each job once."""

    study: Study
    facts: Facts
    jobs: dict[JobKey, AnyJob] = Factory(dict)  # each after its inputs
    groups: dict[JobKey, str] = Factory(dict)
    labels: dict[JobKey, dict[str, None]] = Factory(dict)  # who asked, in order, each once
    cells: dict[Cell, JobKey] = Factory(dict)
    masks: dict[JobKey, str] = Factory(dict)
    lines: dict[Line, JobKey] = Factory(dict)

    def ask(self, job: AnyJob, group: str, label: str) -> JobKey:
        """Ask for a job. The first to ask names its group; what it leaves is kept if anyone wants it."""
        key = key_of(job)
        if key in self.jobs:
            earlier = self.jobs[key]
            if isinstance(job, FineTune) and isinstance(earlier, FineTune):
                self.jobs[key] = evolve(
                    earlier,
                    keeps_weights=earlier.keeps_weights or job.keeps_weights,
                    keeps_movement=earlier.keeps_movement or job.keeps_movement,
                )
        else:
            self.jobs[key] = job
            self.groups[key] = group
        self.labels.setdefault(key, {})[label] = None
        return key

    def ask_mask(self, job: MaskJob | FineTune, group: str, label: str) -> JobKey:
        key = self.ask(job, group, label)
        self.masks.setdefault(key, label)
        return key

    def ask_cell(self, job: FineTune, group: str, cell: Cell) -> None:
        key = self.ask(job, group, cell.id)
        if self.cells.setdefault(cell, key) != key:
            raise ValueError(f"the cell {cell.id} has two answers: two parts of the study share its name")

    def ask_line(self, job: Interpolate, group: str, line: Line) -> None:
        self.lines[line] = self.ask(job, group, line.id)

    def data(self, names: tuple[str, ...]) -> str:
        return "+".join(self.facts.data[name].digest for name in names)
