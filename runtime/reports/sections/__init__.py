"""What there is to say: each section is a file of this folder whose `section` turns evidence into blocks."""

from collections.abc import Callable
from importlib import import_module

from ..blocks import Section
from ..evidence import Evidence

# Always there, or asked for by `report`; the language knows the latter as rows of vocabulary.sections.
SECTIONS = (
    "scores",
    "published",
    "matching",
    "sparsity_curves",
    "rewinding",
    "learning_curves",
    "transfer_matrix",
    "training_size",
    "layer_sparsity",
    "mask_overlap",
    "mask_distance",
    "mode_connectivity",
    "verdicts",
)


def section_named(name: str) -> Callable[[Evidence], Section]:
    """The function behind a name; loaded when it is first asked for, since some need numpy.

    Raises:
        ValueError: no section is called so; checking the study finds this before.
    """
    if name not in SECTIONS:
        raise ValueError(f"no report section is called `{name}`")
    function: Callable[[Evidence], Section] = import_module(f".{name}", __name__).section
    return function
