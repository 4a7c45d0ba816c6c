"""Where results live: artifacts with digests, certificates and provenance; claims; failures."""

from .artifact import Artifact, DamagedError, DroppedError
from .certificates import JSON, Certificate, Check, Outcome
from .claims import Claim
from .disk import Disk, MissingFileError, PassingDisk, StoreError, trouble_of
from .failures import Failure
from .provenance import Environment, Provenance, environment_of, release
from .store import DEFAULT_FOLDER, PublishedElsewhere, Store

__all__ = [
    "DEFAULT_FOLDER",
    "JSON",
    "Artifact",
    "Certificate",
    "Check",
    "Claim",
    "DamagedError",
    "Disk",
    "DroppedError",
    "Environment",
    "Failure",
    "MissingFileError",
    "Outcome",
    "PassingDisk",
    "Provenance",
    "PublishedElsewhere",
    "Store",
    "StoreError",
    "environment_of",
    "release",
    "trouble_of",
]
