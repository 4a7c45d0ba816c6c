"""Everything that stands ready before the first step of a training, and the training itself."""

import copy
from collections.abc import Callable, Mapping

import torch
from attrs import frozen
from torch import nn

from ticketlang.jobs import FineTune, Interpolate, JobKey, PretrainedHead, ReachRewindPoint
from ticketlang.study import Task
from ticketlang.units import Duration
from ticketlang.vocabulary.tasks import TASK_KINDS

from ..failures import JobFailed
from ..implementations import task_kind
from ..keeping import Aside
from ..models.checkpoint import State
from ..models.dropout import Dropout, plant_dropout
from ..models.heads import AnyHead, build_head, fresh_head, pretrained_head
from ..models.network import Network, load_heads_
from ..models.trunk import Pretrained
from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON
from ..tasks.prepared import Prepared
from ..training.batches import TrainingOrder
from ..training.gradual import Gradual
from ..training.loop import Trained, Training, train
from ..training.movement import Movement
from ..training.schedule import Schedule
from ..training.seeds import stream
from ..training.turns import Part
from ..weights.files import HEAD_FILE, read_state
from ..workshop import Workshop
from .proofs import fingerprint, rate_facts

TrainingJob = FineTune | ReachRewindPoint | Interpolate  # the last builds the network of a training, and takes no step
PRODUCTS = {"fp32": None, "bf16": torch.bfloat16}  # weights, moments and scores are fp32 in either
Passed = Callable[[int], None]  # steps since the start of the whole training
TRAINING = "training"  # the name of its checkpoints


@frozen(eq=False)
class Bench:
    """A network, what it is trained on, and how."""

    model: Pretrained
    network: Network
    dropouts: tuple[Dropout, ...]
    data: Prepared
    joined: tuple[Prepared, ...]  # of the other tasks of a joint training
    training: Training

    def train(
        self,
        mask: Mask | None,
        key: JobKey,
        workshop: Workshop,
        passed: Passed | None = None,
        movement: Movement | None = None,
        gradual: Gradual | None = None,
        aside: Aside | None = None,
    ) -> Trained:
        """Train as declared, from where an earlier try was interrupted if there was one.

        Args:
            passed: called after the last step of every epoch, and after the last of all.
            movement, gradual: see `training.loop.train`.
            aside: what `passed` adds to, to be kept with the training.
        """
        per_epoch = self.training.schedule.steps_per_epoch

        def advanced(step: int, steps: int) -> None:
            workshop.listener.advanced(key, step, steps)
            if passed is not None and (step == steps or (self.training.begins + step) % per_epoch == 0):
                passed(self.training.begins + step)
                self.network.train()

        keeper = workshop.keepers.of(key, TRAINING, aside, movement=movement is not None)
        return train(
            self.network, mask, self.dropouts, self.data.train, self.training, advanced, movement, gradual, keeper
        )


def set_up(
    job: TrainingJob,
    weights: State,
    head: State | PretrainedHead | None,
    begins: Duration | None,
    ends: Duration | None,
    workshop: Workshop,
) -> Bench:
    """Build the network with its weights and heads, and the training from `begins` to `ends`.

    Args:
        weights: of the trunk; copied.
        head: that of each task, as `heads_of` has them; copied. None: those that the tasks begin with.
        begins, ends: None: the start, and the end, of the whole training.

    Raises:
        JobFailed: for a training that cannot be had, or in which nothing would be learned.
    """
    model = workshop.model(job.model)
    tasks = (job.task, *job.joined)
    data = tuple(workshop.examples(task, job.model, job.data, job.seeds.subset) for task in tasks)
    trunk = copy.deepcopy(model.pattern)
    trunk.load_state_dict(weights, strict=True)
    heads = [_head(task, its.classes, model, trunk) for task, its in zip(tasks, data, strict=True)]
    network = Network(trunk, *heads, products=PRODUCTS[job.precision])
    load_heads_(network, declared_heads(job, head, network, model))
    dropouts = plant_dropout(network, job.seeds.dropout, job.task.name)
    schedule = Schedule.of(job.task.recipe, len(data[0].train), len(tasks))
    _refuse_idle(job.task, schedule, begins if ends is None else ends)
    first, *others = (_part(job, task, its) for task, its in zip(tasks, data, strict=True))
    training = Training(
        schedule=schedule,
        order=first.order,
        optimizer=job.task.recipe.optimizer,
        loss=first.loss,
        joined=tuple(others),
        begins=0 if begins is None else begins.steps(schedule.steps_per_epoch, schedule.steps),
        ends=schedule.steps if ends is None else ends.steps(schedule.steps_per_epoch, schedule.steps),
    )
    return Bench(model, network.to(workshop.device), dropouts, data[0], data[1:], training)


def _head(task: Task, classes: int | None, model: Pretrained, trunk: nn.Module) -> AnyHead:
    is_whole = TASK_KINDS[task.kind].answers_for_whole_inputs
    return build_head(model, trunk, task_kind(task.kind).outputs(classes), answers_for_whole_inputs=is_whole)


def declared_heads(job: TrainingJob, head: State | PretrainedHead | None, network: Network, model: Pretrained) -> State:
    """The heads that a training begins with: those of another one, or drawn, or those of the model's pre-training."""
    if isinstance(head, dict):
        return head
    state: State = {}
    for number, (task, empty) in enumerate(zip((job.task, *job.joined), network.heads, strict=True)):
        if head is not None or task.head == "pretrained":
            filled = pretrained_head(model, empty)
        else:
            filled = fresh_head(empty, model.initializer_range, stream(job.seeds.head, "head", task.name))
        state |= {(name if number == 0 else f"joined.{number - 1}.{name}"): weight for name, weight in filled.items()}
    return state


def _part(job: TrainingJob, task: Task, data: Prepared) -> Part:
    """A task's share of the training. All go by the recipe of the first."""
    order = TrainingOrder(len(data.train), job.task.recipe.batch, job.seeds.order, task.name, job.seeds.masking)
    return Part(data.train, order, task_kind(task.kind).loss)


def head_of(head: JobKey | PretrainedHead | None, inputs: Mapping[JobKey, Artifact]) -> State | PretrainedHead | None:
    """The heads that a job left; what is no job stays as it is."""
    return read_state(inputs[head].path(HEAD_FILE)) if isinstance(head, JobKey) else head


def facts_of(job: TrainingJob, bench: Bench, trained: Trained) -> dict[str, JSON]:
    """What is worth knowing about a training beside its checks."""
    return {
        **data_facts(job),
        "trained on": fingerprint(bench.data.train),
        **({"joined": {task.name: fingerprint(data.train)
                       for task, data in zip(job.joined, bench.joined, strict=True)}} if job.joined else {}),
        "steps": [bench.training.begins, bench.training.ends],
        "steps of the whole schedule": bench.training.schedule.steps,
        "learning rate": rate_facts(trained),
        **({"batches learned in portions": {"from step": [step for step, _ in trained.portions],
                                            "at most": [size for _, size in trained.portions]}}
           if trained.portions else {}),
        "last loss": trained.curve[-1][1] if trained.curve else None,
    }  # fmt: skip


def data_facts(job: TrainingJob) -> dict[str, JSON]:
    """What a network is built with and shown, and every seed that takes part in it."""
    return {
        "data": job.data,
        "seeds": {"head": job.seeds.head, "order": job.seeds.order,
                  "dropout": job.seeds.dropout, "subset": job.seeds.subset,
                  **({} if job.seeds.masking is None else {"masking": job.seeds.masking})},
        "precision": job.precision,
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
