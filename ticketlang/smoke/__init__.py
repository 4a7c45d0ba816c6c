"""A study made small enough to be run whole in a minute: what is shrunk, what is sampled, and what has to run."""

from .idle import idle
from .kinds import kinds_of
from .leaving_out import left_out, place_of
from .sample import Comparisons, sample
from .shrink import ROWS, Stage, shrink
from .smoked import Fault, Kind, LeftOut, Smoked

__all__ = [
    "ROWS",
    "Comparisons",
    "Fault",
    "Kind",
    "LeftOut",
    "Smoked",
    "Stage",
    "idle",
    "kinds_of",
    "left_out",
    "place_of",
    "sample",
    "shrink",
]
