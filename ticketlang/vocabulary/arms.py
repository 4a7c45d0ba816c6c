"""What an arm's mask and weights may be: the phrase of the language on the left, its name in a study on the right."""

from collections.abc import Mapping

from ..study import MaskOrigin, WeightsOrigin

MASKS: Mapping[str, MaskOrigin] = {
    "none": "none",
    "of ticket": "ticket",
    "random global": "random global",
    "random in each matrix of ticket": "random in each matrix",
    # A mask shuffled by a random permutation is one drawn at random among those with as many kept: the same thing.
    "shuffled within each matrix of ticket": "random in each matrix",
    "inverted of ticket": "inverted",  # keeps what the ticket removes: at 70% it removes 30%
}

# Of two masks of one level: `union of ticket with direct`, `intersection of ticket with imp from mlm`.
COMBINED: Mapping[str, MaskOrigin] = {
    "union": "union",  # keeps what either keeps
    "intersection": "intersection",  # keeps what both keep
}

WEIGHTS: Mapping[str, WeightsOrigin] = {
    "of ticket": "ticket",
    "pretrained": "pretrained",
    "random all": "random all",
    "random pruned matrices": "random pruned matrices",
    "shuffled within each matrix": "shuffled within each matrix",
    "shuffled layers": "shuffled layers",
    "of run": "run",
}
