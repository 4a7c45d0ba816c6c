"""What a study needs to be run small: its own model and data where they are at hand, else stand-ins."""

import torch

from .counting import Counting
from .furnish import Furnished, StandIn, furnish
from .undrawn import Case, comparisons, undrawn

__all__ = ["Case", "Counting", "Furnished", "StandIn", "comparisons", "furnish", "undrawn", "use_one_thread"]


def use_one_thread() -> None:
    """Of this process, for all that torch computes from here on."""
    torch.set_num_threads(1)
