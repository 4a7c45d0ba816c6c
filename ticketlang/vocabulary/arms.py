"""What an arm's mask and weights may be: the phrase of the language on the left, its name in a study on the right."""

from collections.abc import Mapping

from ..study import MaskOrigin, WeightsOrigin

MASKS: Mapping[str, MaskOrigin] = {
    "none": "none",
    "of ticket": "ticket",
    "random global": "random global",
    "random in each matrix of ticket": "random in each matrix",
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
