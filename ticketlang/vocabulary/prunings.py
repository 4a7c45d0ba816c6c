"""Ways to prune: how weights are scored, what a score reads, and over what the budget is shared."""

from typing import Literal

from attrs import frozen

# One threshold over the scope, the same share of each matrix, or shares by the sizes of matrices.
Allocation = Literal["global", "per layer", "erk"]
ALLOCATIONS: tuple[Allocation, ...] = ("global", "per layer", "erk")


@frozen(kw_only=True, repr=False, eq=False)
class PruningMethod:
    """What `prune` may begin with."""

    name: str
    means: str
    example: str  # a right statement of a ticket
    # "nothing" but a seed; "weights"; their "gradients", too, on some batches; what a training left of both: "movement"
    reads: Literal["nothing", "weights", "gradients", "movement"] = "weights"
    over: Literal["batches", "iterations"] | None = None  # what may be counted after `over`
    usual: int | None = None  # so many of them where the ticket does not say
    prunes_units: bool = False  # scores whole heads and neurons, too
    runs: bool = True


PRUNINGS = {
    method.name: method
    for method in (
        PruningMethod(
            name="magnitude",
            means="weights nearest to zero go first (paper, section 3); of units, those of the smallest norm",
            example="prune magnitude global of encoder + pooler",
            prunes_units=True,
        ),
        PruningMethod(
            name="lamp",
            means="magnitudes as shares of the larger ones in their matrix: `global` finds each matrix's share"
            " (Lee et al. 2021)",
            example="prune lamp global of encoder",
        ),
        PruningMethod(
            name="snip",
            means="weights whose removal changes the loss least go first: |w dL/dw| on some batches (Lee et al. 2019)",
            example="prune snip global of encoder over 4 batches",
            reads="gradients",
            over="batches",
            usual=10,
            prunes_units=True,
        ),
        PruningMethod(
            name="movement",
            means="weights that moved towards zero go first: -w dL/dw, summed over the training (Sanh et al. 2020)",
            example="prune movement per layer of encoder",
            reads="movement",
        ),
        PruningMethod(
            name="synflow",
            means="weights on the weakest paths go first, a few at a time, without data (Tanaka et al. 2020)",
            example="prune synflow global of encoder over 100 iterations",
            over="iterations",
            usual=100,
        ),
        PruningMethod(
            name="random",
            means="weights go in an order drawn from the seed of masks, and levels nest",
            example="prune random erk of encoder",
            reads="nothing",
            prunes_units=True,
        ),
    )
}
