"""Whether jobs begin with what they are declared to: networks before their first step, weights that are to be scored.

Fp32 has to be fp32, too: what is multiplied in fewer digits is another experiment.

What is declared is made once more by `verification/points.py`, which shares no code with what filled the network: what
is wrong with the one cannot hide in the other.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
from attrs import frozen

from ticketlang.jobs import FineTune, JobKey, Prune, ReachRewindPoint, settings

from ..families import Family
from ..masks import MASK_FILE, read_mask
from ..models.checkpoint import State, read_named
from ..models.network import heads_of
from ..models.products import FP32, fp32_error
from ..models.trunk import Pretrained
from ..store.artifact import Artifact
from ..store.certificates import EXACT, HEAD_REWOUND, JSON, REWOUND, SCORED, Certificate, Check
from ..tensors import Array, names_in, read_tensors
from ..tensors import digest_of as digest_of_arrays
from ..verification.points import declared_weights, first_heads
from ..verification.shelf import Unknowable, pretrained_in
from ..weights.files import HEAD_FILE, WEIGHTS_FILE, digest_of, state_of
from .bench import Bench
from .certify import certify, check_equal


def beginning_of(job: FineTune | ReachRewindPoint, inputs: Mapping[JobKey, Artifact], bench: Bench) -> Certificate:
    """What is certain before the first step: trunk and heads, bit for bit; the mask is that of its file, and is on; and
    products are what they are called.

    Raises:
        BrokenInvariant: nothing that is trained on from here would be what it is declared to be.
    """
    said, files = settings(job), _AtHand(bench.model, inputs)
    mask = said.get("mask")
    kept = {} if mask is None else read_mask(inputs[mask].path(MASK_FILE))
    weights = said.get("weights", {"is": "Pretrained"})  # which a rewind point is reached from
    declared = digest_of_arrays(declared_weights(weights, job.model, kept, files))
    heads = heads_of(bench.network)
    declared_heads = _declared_heads(said, {name: tuple(tensor.shape) for name, tensor in heads.items()}, files)
    error = fp32_error(next(bench.network.parameters()).device)
    checks = (
        check_equal(REWOUND, declared, digest_of(state_of(bench.network.trunk))),
        check_equal(HEAD_REWOUND, declared_heads, digest_of(heads)),
        check_equal(EXACT, "fp32", "fp32" if error <= FP32 else f"errors of {error:.0e}"),
    )
    return certify(checks, {"largest error of two products in fp32": float(f"{error:.1e}")})


def scored_check(job: Prune, weights: State, inputs: Mapping[JobKey, Artifact], model: Pretrained) -> Check:
    """Whether the weights that a pruning looks at are those that its training left, or the pre-trained ones."""
    files = _AtHand(model, inputs)
    there = (
        files.pretrained(job.model, tuple(weights))
        if job.weights is None
        else read_tensors(files.weights(job.weights), weights)
    )
    same = sum(np.array_equal(tensor.view(np.int32), weights[name].numpy().view(np.int32)) for name, tensor in there)
    return check_equal(SCORED, len(weights), same)


def _declared_heads(said: Mapping[str, JSON], shapes: Mapping[str, tuple[int, ...]], files: "_AtHand") -> str:
    head = said.get("head")
    if isinstance(head, str):
        path = files.inputs[JobKey(head)].path(HEAD_FILE)
        return digest_of_arrays(read_tensors(path, names_in(path)))
    return digest_of_arrays(sorted(first_heads(said, shapes, files), key=lambda named: named[0]))


@frozen
class _AtHand:
    """The files that a job is given. See `verification.points.Files`."""

    model: Pretrained
    inputs: Mapping[JobKey, Artifact]

    def pretrained(self, model: str, names: Collection[str]) -> Iterator[tuple[str, Array]]:
        try:
            return iter(list(pretrained_in(self.model.folder, names)))
        except Unknowable:  # no safetensors of fp32: our own reader knows the other forms
            found = {**self.model.read_again(), **read_named(self.model.folder, names)}
            return ((name, found[name].numpy()) for name in names)

    def trunk(self, model: str) -> tuple[str, ...]:
        return tuple(sorted(self.model.names))

    def weights(self, key: JobKey) -> Path:
        return self.inputs[key].path(WEIGHTS_FILE)

    def configuration(self, model: str) -> Mapping[str, JSON]:
        return dict(json.loads((self.model.folder / "config.json").read_text(encoding="utf-8")))

    def family(self, model: str) -> Family:
        return self.model.family
