"""What a pruning sees of a task: the products of weights and gradients on some examples, before any step."""

from collections.abc import Mapping

from torch import Tensor

from ticketlang.jobs import JobKey, Prune

from ..pruning.mask import Mask
from ..store.artifact import Artifact
from ..store.certificates import JSON, NO_GRADIENT
from ..training.gradients import mean_gradients
from ..weights.files import WEIGHTS_FILE
from ..weights.origin import origin
from ..workshop import Workshop
from .bench import head_of, set_up
from .proofs import fingerprint, head_policy


def products_of(
    job: Prune, mask: Mask | None, inputs: Mapping[JobKey, Artifact], workshop: Workshop, names: tuple[str, ...]
) -> tuple[dict[str, Tensor], dict[str, JSON]]:
    """w * dL/dw of the named matrices, on the first batches of the job's training, and what they were taken on.

    Raises:
        JobFailed: for a training that cannot be had.
    """
    training = job.training
    assert training is not None, "the method reads gradients"
    weights = origin(training.weights, mask, workshop.model(job.model), lambda key: inputs[key].path(WEIGHTS_FILE))
    bench = set_up(training, weights, head_of(training.head, inputs), None, None, workshop)
    parameters = dict(bench.network.trunk.named_parameters())
    if mask is not None:
        mask.apply_(parameters)
    batches = job.pruning.batches or 1
    gradients, seen = mean_gradients(bench.network, bench.data.train, bench.training, batches, names)
    facts: dict[str, JSON] = {
        "data": training.data,
        "looked at": fingerprint(bench.data.train),
        "examples looked at": seen,
        "seeds": {"head": training.seeds.head, "order": training.seeds.order, "subset": training.seeds.subset},
        "head": head_policy(training.head, training.task, inputs),
        NO_GRADIENT: [name for name in names if not gradients[name].any()],
    }
    return {name: parameters[name].detach().cpu() * gradients[name] for name in names}, facts
