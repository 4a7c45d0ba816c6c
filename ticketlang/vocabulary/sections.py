"""Sections of a report beyond the scores and the verdicts, which are always shown."""

from attrs import frozen


@frozen(kw_only=True, repr=False, eq=False)
class Section:
    """What `report` may name."""

    name: str
    means: str
    runs: bool = True


SECTIONS = {
    section.name: section
    for section in (
        Section(name="transfer_matrix", means="score of every source's ticket on every target, against dense"),
        Section(name="training_size", means="how tickets transfer, against how much their sources had to train on"),
        Section(name="matching", means="the sparsest levels that match dense, under every rule side by side"),
        Section(name="sparsity_curves", means="score against sparsity, arm by arm"),
        Section(name="rewinding", means="score by what tickets are rewound to, where a study compares such points"),
        Section(name="learning_curves", means="how the training loss falls, arm by arm"),
        Section(name="layer_sparsity", means="what was removed from each kind of matrix in each layer"),
        Section(
            name="mode_connectivity",
            means="error on lines between trainings: of two levels, and of two data orders, for which tickets and dense"
            " are trained once more",
        ),
        Section(name="mask_overlap", means="how much of two masks is the same, against what chance would give"),
        Section(name="mask_distance", means="how far masks are from those of the round before, and of other runs"),
    )
}
