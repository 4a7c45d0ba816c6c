"""What a study needs to be run small: its own model and data where they are at hand, else stand-ins."""

from .counting import Counting
from .findings import STAND_IN, Finding
from .furnish import Furnished, furnish
from .undrawn import Case, comparisons, undrawn

__all__ = ["STAND_IN", "Case", "Counting", "Finding", "Furnished", "comparisons", "furnish", "undrawn"]
