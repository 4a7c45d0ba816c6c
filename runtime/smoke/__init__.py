"""What a study needs to be run small: its own model and data where they are at hand, else stand-ins."""

from .counting import Counting
from .furnish import Furnished, StandIn, furnish
from .undrawn import Case, comparisons, undrawn

__all__ = ["Case", "Counting", "Furnished", "StandIn", "comparisons", "furnish", "undrawn"]
