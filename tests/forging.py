"""Lies in a store: results that are not what their job leaves, with digests and seals that are right."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from small_world import HERE

from runtime.masks import MASK_FILE, read_mask, write_mask
from runtime.store import Artifact, Certificate, Outcome, Provenance, Store
from ticketlang.jobs import AnyJob, key_of
from ticketlang.plan import PlannedJob


def forge(
    store: Store,
    job: AnyJob,
    tensors: Callable[[Path], None] = lambda folder: None,
    result: Mapping[str, object] | None = None,
    certificate: Certificate | None = None,
    provenance: Provenance = HERE,
) -> Artifact:
    """Put another result in the place of one, with digests and seals that are right."""
    key = key_of(job)
    before = store.artifact(key)
    staged = store.stage(key)
    for name in before.files:
        if name.endswith(".safetensors"):
            shutil.copy(before.path(name), staged / name)
    tensors(staged)
    outcome = Outcome({**before.result, **(result or {})}, certificate or before.certificate)
    planned = PlannedJob(key=key, job=job, group="", labels=("it",), known=None)
    return store.publish(planned, staged, outcome, provenance)


def moved(folder: Path) -> None:
    """One weight more in the first matrix that has some of both, and one less."""
    kept = read_mask(folder / MASK_FILE)
    bits = next(bits for bits in kept.values() if 0 < np.count_nonzero(bits) < bits.size).reshape(-1)
    gone, there = np.flatnonzero(~bits)[-1], np.flatnonzero(bits)[0]
    bits[gone], bits[there] = True, False
    write_mask(folder / MASK_FILE, kept)
