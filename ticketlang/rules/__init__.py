"""What must hold in a study whose every part is understood. A rule yields one complaint per offence, at its place.

Rules about what a study reads are not here: what cannot be known without the data is found where it is read.
"""

from collections.abc import Callable, Iterator

from ..diagnostics import Diagnostic
from ..study import Study
from .arms import (
    gradual_runs_are_there,
    partners_are_there,
    weights_are_those_of_a_mask,
    what_goes_back_was_there,
)
from .claims import (
    claimed_sources_exist,
    claims_compare_two_things,
    claims_compare_what_is_run,
    claims_have_seeds_to_stand_on,
    lines_need_other_noise,
    matching_is_defined,
    other_targets_are_other_than_a_source,
    published_numbers_have_a_cell,
    published_numbers_stand_beside_fp32,
)
from .lengths import (
    arms_leave_something_to_train,
    gradual_prunings_end_before_training,
    rewinding_leaves_something_to_train,
    warmups_end_before_training,
)
from .levels import claimed_levels_exist, claimed_levels_of_baselines_exist, transferred_levels_exist
from .tasks import (
    labels_are_where_they_are_needed,
    metrics_fit_the_kind,
    strides_are_those_of_windows,
    tasks_with_pretrained_heads_have_them,
    text_columns_fit_the_kind,
)
from .tickets import (
    fields_have_an_effect,
    gradual_tickets_have_no_rounds,
    levels_are_on_the_path,
    levels_have_names_of_their_own,
    masks_from_files_have_one_level,
    patterns_have_one_sparsity,
    pretrained_heads_exist,
    rewinding_needs_a_source,
    rewound_heads_go_back_somewhere,
    scores_are_there_to_be_read,
    tickets_are_trained_somewhere,
    transferred_heads_are_fresh,
)

Rule = Callable[[Study], Iterator[Diagnostic]]

RULES_OF_PARTS: tuple[Rule, ...] = (
    text_columns_fit_the_kind,
    labels_are_where_they_are_needed,
    metrics_fit_the_kind,
    strides_are_those_of_windows,
    tasks_with_pretrained_heads_have_them,
    weights_are_those_of_a_mask,
    what_goes_back_was_there,
    transferred_heads_are_fresh,
    rewound_heads_go_back_somewhere,
    pretrained_heads_exist,
    scores_are_there_to_be_read,
    gradual_tickets_have_no_rounds,
    partners_are_there,
    gradual_runs_are_there,
    patterns_have_one_sparsity,
    levels_are_on_the_path,
    levels_have_names_of_their_own,
    rewinding_needs_a_source,
    fields_have_an_effect,
    masks_from_files_have_one_level,
    rewinding_leaves_something_to_train,
    arms_leave_something_to_train,
    warmups_end_before_training,
    gradual_prunings_end_before_training,
    transferred_levels_exist,
    claimed_levels_exist,
)

RULES: tuple[Rule, ...] = (
    tickets_are_trained_somewhere,
    claimed_levels_of_baselines_exist,
    claimed_sources_exist,
    claims_compare_two_things,
    other_targets_are_other_than_a_source,
    claims_compare_what_is_run,
    matching_is_defined,
    claims_have_seeds_to_stand_on,
    lines_need_other_noise,
    published_numbers_have_a_cell,
    published_numbers_stand_beside_fp32,
)


def broken_rules(study: Study, is_whole: bool = True) -> tuple[Diagnostic, ...]:
    """Every offence against every rule, each once.

    Args:
        is_whole: every part of the study was understood. Rules on how parts fit together are not asked otherwise: what
            they miss may be among the parts that were left out.
    """
    rules = (*RULES_OF_PARTS, *RULES) if is_whole else RULES_OF_PARTS
    found: dict[object, Diagnostic] = {}
    for rule in rules:
        for offence in rule(study):
            found.setdefault((offence.code, offence.at.source, offence.at.start, offence.at.stop), offence)
    return tuple(found.values())
