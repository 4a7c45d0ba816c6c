"""Questions about stored weights: masked ones are zero, and trainings began with the weights and heads they claim."""

import numpy as np

from ticketlang.jobs import JobKey

from ..store import Artifact
from ..store.certificates import HEAD_REWOUND, REWOUND
from ..tensors import digest_of, names_in, read_tensors, shapes_in
from .points import declared_weights, first_heads
from .questions import Answer, found_by, is_of_an_earlier_release
from .shelf import Shelf, setting


def zeros(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the weights that a masked training left are zero where its mask says so."""
    key = artifact.key if setting(artifact, "gradually") is not None else setting(artifact, "mask")
    if key is None or setting(artifact, "kind") != "fine-tune":
        return None
    mask, path = shelf.mask(JobKey(key)), shelf.weights(artifact.key)
    alive = {
        name: count
        for name, weight in read_tensors(path, mask)
        if (count := int(np.count_nonzero(weight[~mask[name]])))
    }
    wrong = tuple(f"has {count:,} weights in `{name}` that its mask removes" for name, count in alive.items())
    return Answer(1, wrong)


def origins(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the digest of the weights that a training began with is that of the declared point, masked."""
    if setting(artifact, "kind") not in {"fine-tune", "rewind-point"}:
        return None
    model, key = setting(artifact, "model"), setting(artifact, "mask")
    mask = shelf.mask(JobKey(key)) if key is not None else {}
    declared = setting(artifact, "weights") or {"is": "Pretrained"}  # where a rewind point is reached from
    found = digest_of(declared_weights(declared, model, mask, shelf))
    is_it = found == found_by(artifact, REWOUND)
    return Answer(1, () if is_it else ("began with other weights than those of its declared point",))


def heads(artifact: Artifact, shelf: Shelf) -> Answer | None:
    """Whether the digest of the heads that a training began with is that of the declared ones."""
    if setting(artifact, "kind") not in {"fine-tune", "rewind-point"}:
        return None
    found, key = found_by(artifact, HEAD_REWOUND), setting(artifact, "head")
    if found is None and is_of_an_earlier_release(artifact):
        return Answer(0, (), 1)
    if isinstance(key, str):
        path = shelf.head(JobKey(key))
        declared = digest_of(read_tensors(path, names_in(path)))
    else:
        declared = digest_of(sorted(first_heads(artifact.settings, shapes_in(shelf.head(artifact.key)), shelf)))
    return Answer(1, () if declared == found else ("began with other heads than the declared ones",))
