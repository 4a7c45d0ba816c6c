"""How much room the jobs of a plan take on a disk, going by the headers of the model's files: no torch, no weights."""

import re
from collections import Counter
from math import prod
from pathlib import Path

from attrs import frozen

from ticketlang.jobs import FineTune, Interpolate, ReachRewindPoint, inputs_of
from ticketlang.plan import Plan, PlannedJob

from .matrices import MATRIX
from .models.description import UnreadableModel, weight_files
from .tensors import shapes_in

NUMBER = 4  # bytes of one: all that is stored is fp32
RECORDS = 20_000  # bytes of a result without its tensors: 7,000 with two layers, and each matrix has its lines
UNDER_WAY = 2 * 3  # times its weights: a training keeps weights and two moments of AdamW, and a new one beside the old
TRUNK = re.compile(r"(?:.*\.)?(?P<name>(?:embeddings|encoder|transformer|pooler)\..+)")


@frozen
class Footprint:
    """What one job of a model leaves, in bytes."""

    weights: int  # of a trunk; heads are small beside it
    movement: int  # of every matrix that can be pruned
    mask: int

    @classmethod
    def of(cls, folder: Path) -> "Footprint | None":
        """None: the sizes of the model are not known without loading it."""
        try:
            shapes = {name: shape for file in weight_files(folder) for name, shape in shapes_in(folder / file).items()}
        except UnreadableModel:
            return None
        sizes = {found["name"]: prod(shape) for name, shape in shapes.items() if (found := TRUNK.fullmatch(name))}
        prunable = sum(size for name, size in sizes.items() if re.fullmatch(MATRIX, name))
        return cls(NUMBER * sum(sizes.values()), NUMBER * prunable, prunable // 8) if sizes else None

    def states(self, planned: PlannedJob) -> int:
        """Bytes that can be dropped once nothing begins with them or prunes them."""
        job = planned.job
        if not isinstance(job, FineTune):
            return 0
        return self.weights * job.keeps_weights + self.movement * job.keeps_movement

    def rest(self, planned: PlannedJob) -> int:
        """Bytes that stay."""
        match planned.job:
            case ReachRewindPoint():
                return RECORDS + self.weights
            case FineTune(gradually=None) | Interpolate():
                return RECORDS
        return RECORDS + self.mask


@frozen(kw_only=True)
class Room:
    """What a plan takes at its peak beyond what is there, in bytes."""

    kept: int  # where trained weights stay
    lean: int  # where they go as soon as no job of the plan reads them
    free: int  # on the disk of the store

    @property
    def is_tight(self) -> bool:
        """Whether there is room for it only if weights go."""
        return self.lean <= self.free < self.kept

    @property
    def is_missing(self) -> bool:
        """Whether there is none in either case."""
        return self.free < self.lean


def room_of(plan: Plan, footprint: Footprint, free: int, workers: int = 1) -> Room:
    """The peak of a plan, its jobs done in their order."""
    readers = Counter(key for job in plan.to_run for key in inputs_of(job.job))
    there, lean = 0, 0
    for job in plan.to_run:
        there += footprint.states(job) + footprint.rest(job)
        lean = max(lean, there)
        readers.subtract(inputs_of(job.job))
        for key in (job.key, *inputs_of(job.job)):
            if readers[key] <= 0 and not plan.jobs[key].is_reused:
                there -= footprint.states(plan.jobs[key])
    kept = sum(footprint.states(job) + footprint.rest(job) for job in plan.to_run)
    trains = any(isinstance(job.job, FineTune | ReachRewindPoint) for job in plan.to_run)
    under_way = workers * UNDER_WAY * footprint.weights * trains
    return Room(kept=kept + under_way, lean=lean + under_way, free=free)
