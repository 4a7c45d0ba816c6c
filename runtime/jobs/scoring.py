"""Scores of a network on a task: after its last step, or where it was best."""

import math

import numpy as np
from attrs import define, field

from ticketlang.study import Task

from ..failures import JobFailed
from ..implementations import metric, task_kind
from ..models.network import Network
from ..store.certificates import JSON
from ..tasks.encoding import whole_labels
from ..tasks.prepared import Prepared
from ..training.batches import Encoded
from ..training.evaluation import predict

Scores = dict[str, float]


def scores_of(task: Task, network: Network, examples: Encoded, classes: int | None, part: int = 0) -> Scores:
    """By every metric of the task, the one that decides first.

    Args:
        part: which head of the network answers.

    Raises:
        JobFailed: if an answer or a score is not finite.
    """
    kind = task_kind(task.kind)
    labels, predictions = kind.scored(predict(network, examples, kind.predictions, part), examples)
    scores = {name: metric(name)(labels, predictions, classes) for name in task.metrics}
    refuse_no_numbers(scores)
    return scores


def refuse_no_numbers(scores: Scores) -> None:
    """Raises JobFailed if a score is not finite."""
    if infinite := [name for name, score in scores.items() if not math.isfinite(score)]:
        raise JobFailed(f"the score by {infinite[0]} is no finite number")


def majority_score(task: Task, data: Prepared) -> float | None:
    """What the most frequent class of the training examples would score; None where there are no classes."""
    most = task_kind(task.kind).majority(data.train)
    if most is None:
        return None
    labels = whole_labels(data.score)
    return metric(task.metrics[0])(labels, np.full_like(labels, most), data.classes)


def unseen_classes(task: Task, data: Prepared) -> dict[int, int]:
    """Classes that no training example has, and how many of those that are scored have each: none can be found.

    A split may lack one, or `limit` take it away.
    """
    if task_kind(task.kind).majority(data.train) is None:
        return {}
    seen, (found, counts) = np.unique(whole_labels(data.train)), np.unique(whole_labels(data.score), return_counts=True)
    return {int(label): int(count) for label, count in zip(found, counts, strict=True) if label not in seen}


@define(eq=False)
class Best:
    """The moment of a training at which a network was best on a split: looked for after every epoch, and at the end.

    Of equals the first. What is pruned and passed on is the network at the end all the same.
    """

    task: Task
    network: Network
    data: Prepared
    scores: Scores = field(factory=dict)  # at that moment, on the split that is scored
    step: int = 0  # after which it was
    found: float | None = None  # the score that decided
    looks: int = 0
    looked: int = -1  # after which step it was last looked

    def look(self, step: int) -> None:
        """Score the network as it is now, after so many steps of its training."""
        assert self.data.best is not None
        if step == self.looked:  # before an interruption
            return
        there = scores_of(self.task, self.network, self.data.best, self.data.classes)
        score = there[self.task.metrics[0]]
        if self.found is None or score > self.found:
            is_same = self.data.best is self.data.score
            elsewhere = self.data.score
            self.scores = there if is_same else scores_of(self.task, self.network, elsewhere, self.data.classes)
            self.found, self.step = score, step
        self.looks, self.looked = self.looks + 1, step  # at the end: an interrupted look is none

    def facts(self) -> dict[str, JSON]:
        return {"on": self.task.best_on, "score": self.found, "step": self.step, "looks": self.looks}

    def state(self) -> JSON:
        """See `keeping.Aside`."""
        return {
            "scores": dict(self.scores),
            "step": self.step,
            "found": self.found,
            "looks": self.looks,
            "looked": self.looked,
        }

    def put_back_(self, state: JSON) -> None:
        self.scores, self.step = dict(state["scores"]), state["step"]
        self.found, self.looks, self.looked = state["found"], state["looks"], state["looked"]
