"""Everything that stands ready before the first step of a training, and the training itself."""

import copy
from collections.abc import Mapping

from attrs import frozen

from ticketlang.jobs import FineTune, JobKey, PretrainedHead, ReachRewindPoint
from ticketlang.study import Task
from ticketlang.units import Duration

from ..failures import JobFailed
from ..implementations import task_kind
from ..models.checkpoint import State
from ..models.network import Head, Network, fresh_head
from ..models.trunk import Pretrained
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON
from ..training.batches import TrainingOrder
from ..training.dropout import Dropout, plant_dropout
from ..training.gradual import Gradual
from ..training.loop import Trained, Training, train
from ..training.movement import Movement
from ..training.schedule import Schedule
from ..training.seeds import stream
from ..weights.files import HEAD_FILE, read_state
from ..workshop import Prepared, Workshop

TrainingJob = FineTune | ReachRewindPoint


@frozen(eq=False)
class Bench:
    """A network, what it is trained on, and how."""

    model: Pretrained
    network: Network
    dropouts: tuple[Dropout, ...]
    data: Prepared
    training: Training

    def train(
        self,
        mask: Mask | None,
        key: JobKey,
        workshop: Workshop,
        movement: Movement | None = None,
        gradual: Gradual | None = None,
    ) -> Trained:
        def advanced(step: int, steps: int) -> None:
            workshop.listener.advanced(key, step, steps)

        return train(self.network, mask, self.dropouts, self.data.train, self.training, advanced, movement, gradual)


def set_up(
    job: TrainingJob,
    weights: State,
    head: State | None,
    begins: Duration | None,
    ends: Duration | None,
    workshop: Workshop,
) -> Bench:
    """Build the network with its weights and a head, and the training from `begins` to `ends`.

    Args:
        weights: of the trunk; copied.
        head: copied; None: a fresh one.
        begins, ends: None: the start, and the end, of the whole training.

    Raises:
        JobFailed: for a training that cannot be had, or in which nothing would be learned.
    """
    _refuse_what_is_to_come(job)
    model = workshop.model(job.model)
    data = workshop.examples(job.task, job.model, job.data, job.seeds.subset)
    kind = task_kind(job.task.kind)
    outputs = kind.outputs(data.classes)
    network = Network(copy.deepcopy(model.pattern), Head(model.hidden_size, outputs, model.head_dropout))
    network.trunk.load_state_dict(weights, strict=True)
    drawn = stream(job.seeds.head, "head", job.task.name)
    network.head.load_state_dict(head or fresh_head(outputs, model.hidden_size, model.initializer_range, drawn))
    dropouts = plant_dropout(network, job.seeds.dropout, job.task.name)
    schedule = Schedule.of(job.task.recipe, len(data.train))
    _refuse_idle(job.task, schedule, begins if ends is None else ends)
    training = Training(
        schedule=schedule,
        order=TrainingOrder(len(data.train), job.task.recipe.batch, job.seeds.order, job.task.name),
        optimizer=job.task.recipe.optimizer,
        loss=kind.loss,
        begins=0 if begins is None else begins.steps(schedule.steps_per_epoch, schedule.steps),
        ends=schedule.steps if ends is None else ends.steps(schedule.steps_per_epoch, schedule.steps),
    )
    return Bench(model, network.to(workshop.device), dropouts, data, training)


def head_of(head: JobKey | PretrainedHead | None, inputs: Mapping[JobKey, Artifact]) -> State | None:
    """The head that a job left; None for no job.

    Raises:
        JobFailed: for the head that a model was pre-trained with.
    """
    if isinstance(head, PretrainedHead):
        raise JobFailed("pre-trained heads are not there yet; say `head fresh`")
    return None if head is None else read_state(inputs[head].path(HEAD_FILE))


def facts_of(job: TrainingJob, bench: Bench, trained: Trained) -> dict[str, JSON]:
    """What is worth knowing about a training beside its checks."""
    return {
        "data": job.data,
        "examples": len(bench.data.train),
        "seeds": {"head": job.seeds.head, "order": job.seeds.order,
                  "dropout": job.seeds.dropout, "subset": job.seeds.subset},
        "precision": job.precision,
        "steps": [bench.training.begins, bench.training.ends],
        "steps of the whole schedule": bench.training.schedule.steps,
        "last loss": trained.curve[-1][1] if trained.curve else None,
    }  # fmt: skip


def _refuse_idle(task: Task, schedule: Schedule, rewind: Duration | None) -> None:
    """Refuse trainings without a step: known only here, where the number of examples is."""
    whole = f"training on {task.name} ({task.recipe.train}) takes {schedule.steps} steps"
    if schedule.steps == 0:
        raise JobFailed(f"{whole}; say a longer `train`")
    if rewind is not None and rewind.steps(schedule.steps_per_epoch, schedule.steps) >= schedule.steps:
        raise JobFailed(f"{whole}, and going back to {rewind} leaves none of them; rewind to an earlier point")
    if schedule.warmup >= schedule.steps:
        raise JobFailed(f"{whole}, and the rate rises over {task.recipe.warmup}; say a shorter `warmup`")


def _refuse_what_is_to_come(job: TrainingJob) -> None:
    if job.joined:
        names = " + ".join(task.name for task in (job.task, *job.joined))
        raise JobFailed(f"training on {names} together is not there yet; name one source at a time")
    if job.precision != "fp32":
        raise JobFailed(f"training in {job.precision} is not there yet; say `precision fp32`")
