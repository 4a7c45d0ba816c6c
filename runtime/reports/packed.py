"""Masks eight weights to a byte, so that those of all sources fit: ten megabytes each for BERT-base."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from ticketlang.jobs import JobKey

from ..masks import MASK_FILE, read_mask
from .evidence import Evidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@frozen
class Packed:
    """The kept weights of one matrix, eight to a byte."""

    bits: "NDArray[np.uint8]"  # (N / 8,), the last one filled with zeros
    size: int


def pack(mask: "Mapping[str, NDArray[np.bool_]]") -> Mapping[str, Packed]:
    import numpy as np

    return {name: Packed(np.packbits(kept.reshape(-1)), kept.size) for name, kept in mask.items()}


def read_packed(evidence: Evidence, key: JobKey) -> Mapping[str, Packed] | None:
    """The mask of a job; None where it is not there, or not as it was written."""
    artifact = evidence.artifact(key)
    return pack(read_mask(artifact.path(MASK_FILE))) if artifact else None


def count(bits: "NDArray[np.uint8]") -> int:
    """How many bits are set. numpy counts them itself only from 2.0 on."""
    import numpy as np

    in_a_byte = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)  # (256,)
    return int(in_a_byte[bits].sum(dtype=np.int64))
