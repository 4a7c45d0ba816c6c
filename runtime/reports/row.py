"""One number of a study with all that it stands for: what a line of a data frame holds."""

from attrs import fields, frozen


@frozen(kw_only=True)
class Row:
    """One number from one run. Scores and sparsities are fractions; what is not known is None."""

    study: str
    cell: str  # as people type it: `imp/mlm@70%/qnli/seed=3`
    arm: str  # a ticket block or a baseline
    ticket: str | None  # the block whose mask or weights the arm takes
    source: str | None  # what that ticket was found on
    variant: str | None  # its place on axes that have several values: `rewind=5% of training`
    level: float | None  # sparsity as asked for; None: dense
    sparsity: float | None  # as measured, of its mask
    target: str
    seed: int | None  # where all roles have one; None: they differ, and stand below
    seed_search: int
    seed_head: int
    seed_order: int
    seed_dropout: int
    seed_mask: int
    seed_weights: int
    seed_subset: int
    seed_masking: int | None
    metric: str
    decides: bool  # it is the metric that verdicts go by
    key: str  # of the job that measured it
    score: float | None = None  # None: the run is not done
    gap: float | None = None  # score minus that of dense with the same seeds, of the metric that decides
    device: str | None = None
    machine: str | None = None
    threads: int | None = None
    python: str | None = None
    numpy: str | None = None
    torch: str | None = None
    transformers: str | None = None
    started: str | None = None  # UTC, ISO 8601
    seconds: float | None = None  # of the wall clock
    certificate_holds: bool | None = None


COLUMNS = tuple(column.name for column in fields(Row))
